import { compileGlob } from './formats/glob.ts';
import { CLAIM_NAMES, type ClaimName, type KeyRule, type SignerRule, type WorkloadRule } from './requirement.ts';
import type { TrustedTime } from './timestamp/verify-timestamp.ts';
import type { RefusalCode } from './verdict.ts';
import type { Author } from './verify-bundle.ts';
import type { CertifiedIdentity } from './x509/claims.ts';

/** Why an author is not the signer that was asked for. */
export type Mismatch = { readonly code: RefusalCode; readonly message: string };

/** Holds the author of verified evidence against a signer: one of its workloads, or one of its keys while it counted. */
export function matchAuthor(
  { author, time }: { readonly author: Author; readonly time: TrustedTime },
  signer: SignerRule,
): Mismatch | undefined {
  if (author.type === 'ssh')
    return { code: 'identity-mismatch', message: `a person signed it (SSH key ${author.fingerprint}), not signer ${signer.id}` };
  return author.type === 'key' ? matchKey(author.keyId, time.at, signer) : matchWorkloads(author, time.at, signer);
}

function matchKey(keyId: string, at: number, signer: SignerRule): Mismatch | undefined {
  const rules = signer.keys.filter((rule) => rule.keyId === keyId);
  if (rules.length === 0) return { code: 'key-not-listed', message: `the key ${keyId} is none of signer ${signer.id}` };
  return whyNoKeyAt(rules, at);
}

/** Why none of these rules of one key lets it count at that instant. A key that any of them calls compromised never does. */
export function whyNoKeyAt(rules: readonly KeyTimes[], at: number): Mismatch | undefined {
  const reasons = rules.map((rule) => whyNotAt(rule, at));
  const compromised = reasons.find((reason) => reason?.code === 'key-compromised');
  return compromised ?? (reasons.includes(undefined) ? undefined : reasons[0]);
}

type KeyTimes = Pick<KeyRule, 'from' | 'until' | 'compromisedSince'>;

function whyNotAt(rule: KeyTimes, at: number): Mismatch | undefined {
  const when = `it signed at ${new Date(at).toISOString()}`;
  const bound = (instant: number): string => new Date(instant).toISOString();
  if (rule.compromisedSince !== undefined && at >= rule.compromisedSince) {
    return { code: 'key-compromised', message: `${when}; the key counts as compromised since ${bound(rule.compromisedSince)}` };
  }
  if (rule.from !== undefined && at < rule.from)
    return { code: 'key-outside-validity', message: `${when}; the key counts from ${bound(rule.from)}` };
  if (rule.until !== undefined && at >= rule.until)
    return { code: 'key-outside-validity', message: `${when}; the key counted until ${bound(rule.until)}` };
  return undefined;
}

function matchWorkloads(author: Author & { type: 'certificate' }, at: number, signer: SignerRule): Mismatch | undefined {
  if (!signer.certificate)
    return {
      code: 'identity-mismatch',
      message: `signer ${signer.id} signs with keys, and this is a certificate of ${author.san}`,
    };
  const held = signer.workloads.map((workload) => ({ workload, reason: whyNotWorkload(author, workload) }));
  const theirs = held.filter(({ reason }) => reason === undefined);
  if (theirs.length > 0)
    return whyCompromised(
      theirs.map(({ workload }) => workload),
      at,
    );
  const reasons = held.map(({ workload, reason }) => `not ${workload.id}: ${reason}`);
  return { code: 'identity-mismatch', message: `signed by ${author.san}; ${reasons.join('; ')}` };
}

/** Why what a job signed then is not its own. One that any of these workloads calls compromised at that instant never counts. */
function whyCompromised(workloads: readonly WorkloadRule[], at: number): Mismatch | undefined {
  for (const { id, compromised = [] } of workloads) {
    const span = compromised.find(({ from, until }) => at >= from && (until === undefined || at < until));
    if (span === undefined) continue;
    const until = span.until === undefined ? 'on' : `until ${new Date(span.until).toISOString()}`;
    const when = `from ${new Date(span.from).toISOString()} ${until}`;
    return {
      code: 'workload-compromised',
      message: `it signed at ${new Date(at).toISOString()}; the workload ${id} counts as compromised ${when}`,
    };
  }
  return undefined;
}

/**
 * The one rule by which a job is a workload of the policy or not, for certificates and for ID tokens.
 *
 * @param what says it, for the message. @returns the first that differs; undefined where it is that workload.
 */
export function whyNotWorkload(
  author: Pick<CertifiedIdentity, 'issuer' | 'claims'>,
  workload: WorkloadRule,
  what = 'the certificate',
): string | undefined {
  if (author.issuer !== workload.issuer) return `the issuer is ${author.issuer}, not ${workload.issuer}`;
  for (const claim of CLAIM_NAMES) {
    const wanted = workload[claim];
    if (wanted === undefined) continue;
    const certified = author.claims[claim];
    if (certified === undefined) return `${what} says nothing of ${claim}`;
    if (!matcherOf(workload, claim, wanted)(certified))
      return `${claim} is ${JSON.stringify(certified)}, not ${JSON.stringify(wanted)}`;
  }
  return undefined;
}

type Matchers = { [claim in ClaimName]?: (text: string) => boolean };
const compiled = new WeakMap<WorkloadRule, Matchers>();

/** A claim's pattern, compiled once: thousands of signatures are held against one workload. */
function matcherOf(workload: WorkloadRule, claim: ClaimName, pattern: string): (text: string) => boolean {
  const matchers = compiled.get(workload) ?? {};
  compiled.set(workload, matchers);
  const matcher = matchers[claim] ?? compileGlob(pattern);
  matchers[claim] = matcher;
  return matcher;
}
