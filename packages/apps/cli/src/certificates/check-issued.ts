import type { CertificateProfile } from '@signwright/policy';
import {
  type Certificate,
  type ClaimName,
  checkAsserted,
  checkPath,
  identityOf,
  messageOf,
  type PersonRule,
  parseCertificateRequest,
  SignwrightError,
  spkiOf,
  type WorkloadRule,
  whyNotWorkload,
} from '@signwright/signing-core';
import type { OpenPolicy } from '../context/open-policy.ts';

/** Whom a certificate must be for. */
export type Expected = {
  /** Another's CA names a workload as it will. */
  readonly san?: { readonly type: 'uri' | 'email'; readonly value: string };
  readonly issuer: string;
  readonly claims: { readonly [claim in ClaimName]?: string };
  readonly of: { readonly workload: WorkloadRule } | { readonly person: PersonRule };
};

/** What a certificate is held against. Times are milliseconds since 1970 UTC. */
export type IssuedUnder = {
  readonly open: OpenPolicy;
  readonly profile: CertificateProfile;
  readonly expected: Expected;
  /** The request it answers, where there was one here: it must be for the same key. */
  readonly csr: Uint8Array;
  /** When it was asked for. */
  readonly at: number;
};

/** Clocks differ, and CAs let certificates begin a little before. */
const SLACK_MS = 5 * 60 * 1000;

/**
 * Holds a certificate that another's CA issued against the profile: the key that was asked for and of a type that it takes, a path to
 * the trust root for signing code, no longer than it may live, for exactly whom it was asked for.
 *
 * @throws SignwrightError `verification` with all that is wrong; what exceeds the profile is not to be used.
 */
export async function checkIssued(leaf: Certificate, under: IssuedUnder): Promise<void> {
  const { profile, expected } = under;
  const wrong = [
    ...(await keyFaults(leaf, under)),
    ...timeFaults(leaf, under),
    ...pathFaults(leaf, under),
    ...nameFaults(leaf, expected, under),
  ];
  if (wrong.length === 0) return;
  throw new SignwrightError(
    'verification',
    `what the authority ${profile.authority.id} issued is not what the profile ${profile.id} lets be: ${wrong.join('; ')}`,
    {
      where: profile.where,
      next: 'it is in the inventory and was not kept here; look at what the authority issues, or at the profile',
    },
  );
}

async function keyFaults({ publicKey }: Certificate, { profile: { keys }, csr }: IssuedUnder): Promise<string[]> {
  const { keyTypeOf } = await import('@signwright/certificates');
  const asked = parseCertificateRequest(csr).publicKey;
  const type = keyTypeOf(publicKey);
  return [
    ...(spkiOf(asked).equals(spkiOf(publicKey)) ? [] : ['it is for another key than was asked for']),
    ...(keys.some((key) => key === type) ? [] : [`its key is ${type}, and the profile takes ${keys.join(' or ')}`]),
  ];
}

function timeFaults({ notBefore, notAfter }: Certificate, { profile: { validity }, at }: IssuedUnder): string[] {
  const iso = (time: number): string => new Date(time).toISOString();
  return [
    ...(notAfter > at + validity * 1000 + SLACK_MS
      ? [`it is valid until ${iso(notAfter)}, and the profile lets it live ${validity} s, until ${iso(at + validity * 1000)}`]
      : []),
    ...(notBefore > at + SLACK_MS ? [`it is valid only from ${iso(notBefore)} on`] : []),
  ];
}

function pathFaults(leaf: Certificate, { open }: IssuedUnder): string[] {
  const now = Math.max(leaf.notBefore, Math.min(Date.now(), leaf.notAfter));
  const authorities = open.trustRoot?.certificateAuthorities ?? [];
  const reasons = authorities
    .filter(({ chain }) => chain[0].subject.equals(leaf.issuer))
    .map((authority) => whyNo(() => checkPath(leaf, authority, now, 'codeSigning')));
  if (reasons.length === 0) return ['its issuer is none of the trust root'];
  return reasons.includes(undefined) ? [] : [reasons[0] as string];
}

function nameFaults(leaf: Certificate, { san, issuer, of }: Expected, { open }: IssuedUnder): string[] {
  const authority = open.trustRoot?.certificateAuthorities.find(({ chain }) => chain[0].subject.equals(leaf.issuer));
  let found: ReturnType<typeof identityOf>;
  try {
    found = identityOf(leaf, authority);
    checkAsserted(found, authority);
  } catch (error) {
    return [messageOf(error)];
  }
  if ('workload' in of) {
    const why = whyNotWorkload(found, of.workload);
    return why === undefined ? [] : [`it is not of ${of.workload.id}: ${why}`];
  }
  return found.san === san?.value && found.issuer === issuer
    ? []
    : [`it names ${found.san} of ${found.issuer}, not ${san?.value} of ${issuer}`];
}

function whyNo(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
