import {
  type Artifact,
  canonicalDigest,
  type DecisionContext,
  decide,
  type FoundRecords,
  type Kind,
  type Moment,
  type NegativeFacts,
  type Outcome,
  type Refusal,
  type Result,
  type RoleRule,
  requirementsOf,
  type Sha256,
  SignwrightError,
  shellWord,
  type VendorRefusal,
  type Verdict,
  type Verified,
  type VerifiedStatement,
  type VerifiedVendor,
  type WaiverTerms,
} from '@signwright/signing-core';
import { uniteRoles } from './demands.ts';
import type { Unenforced } from './enforcement.ts';
import type { Policy } from './policy.ts';
import { inferKind } from './resolve/infer-kind.ts';
import type { Query, Required, Resolution } from './resolve/resolution.ts';
import { resolveArtifact } from './resolve/resolve-artifact.ts';
import { uniteResolutions } from './resolve/unite-resolutions.ts';
import { instantOf } from './values/instant.ts';

/** The artifact the verifier has in hand: what it is called here, its bytes, and where it is to go. */
export type InHand = { readonly name: string; readonly digest: Sha256; readonly environment?: string };

/** What was found about it, and under which circumstances it is judged. */
export type Findings = {
  readonly verified: readonly Verified[];
  readonly refused: readonly Refusal[];
  /** People's words and attestations about it. */
  readonly statements?: readonly VerifiedStatement[];
  /** What was found of the vendors whom its rules name. */
  readonly vendors?: readonly (VerifiedVendor | VendorRefusal)[];
  /** What the audit log proves of it. */
  readonly records?: FoundRecords;
  /** What the log says was rejected or withdrawn. */
  readonly negative?: NegativeFacts;
  /** Waivers that broke the glass in this environment, and that nobody has reviewed. */
  readonly unreviewed?: readonly Sha256[];
  /** The request that asks for what is missing, where there is one. */
  readonly request?: Sha256;
  /** Why the evidence could not be read. */
  readonly unreachable?: string;
  /** Milliseconds since 1970 UTC. */
  readonly at: number;
  /** Evidence timestamped later does not count; see {@link DecisionContext.latest}. */
  readonly latest?: number;
  readonly moment: Moment;
  readonly anchored: boolean;
  /** At the moment `sign`, the signers whose signatures this run is about; all unless told. */
  readonly signers?: ReadonlySet<string>;
};

/**
 * Judges one artifact by the policy. Its name in hand resolves a rule, and so does the name and kind of each signed part; what
 * either demands is demanded, so a part that calls a package something else gains nothing. Parts that name it differently are
 * judged apart, and the best of their verdicts counts: one more part can never take an allow away.
 *
 * @throws SignwrightError `usage` where the tier depends on an environment that was not given, `not-enforced-yet` where the verdict
 * would need a policy key whose enforcement is not built.
 */
export function judgeArtifact(policy: Policy, inHand: InHand, findings: Findings): Verdict {
  const { environment } = inHand;
  const resolve = (query: Query): Resolution =>
    resolveArtifact(policy, { ...query, ...(environment === undefined ? {} : { environment }) });
  const byName = resolve({ name: inHand.name });
  if (byName.status !== 'required') return judgeAs(policy, byName, inHand, findings, undefined);
  const asInHand = { name: inHand.name, kind: byName.kind };
  const first = judgeAs(policy, byName, inHand, findings, asInHand);
  if (first.result === 'allow' || !isSigned(policy, byName, inHand, findings)) return first;
  return bestOf(first, namesOf(inHand, findings.verified), (as) =>
    judgeAs(policy, uniteResolutions(policy, byName, resolve(as)), inHand, findings, as),
  );
}

/**
 * Whether its signatures would do, or may, whatever they call it. Whatever a part calls these bytes, it demands no less: what is not signed
 * under any name is not let through by another.
 */
function isSigned(policy: Policy, byName: Required, inHand: InHand, findings: Findings): boolean {
  const signatures = { ...byName, requirements: requirementsOf(byName.requirements, 'signature') };
  return judgeAs(policy, { ...signatures, queries: [] }, inHand, findings, undefined).result !== 'deny';
}

/** Refuses a decision that would need what is not enforced yet. */
export function refuseUnenforced([first, ...more]: readonly Unenforced[]): void {
  if (!first) return;
  const others = more.length === 0 ? '' : `, nor ${more.map(({ key }) => key).join(', ')}`;
  throw new SignwrightError('not-enforced-yet', `this version does not enforce ${first.key} (${first.what})${others}`, {
    where: first.where,
    next: 'nothing was decided: leave the key out, or use a version that enforces it',
  });
}

type SignedAs = { readonly name: string; readonly kind: Kind };

/** Names considered of those that one part gives the same bytes: many files are equal, empty ones above all. */
const MAX_NAMES = 16;

/** What the parts call these bytes, each once. */
function* namesOf({ digest }: InHand, verified: readonly Verified[]): Generator<SignedAs> {
  const seen = new Set<string>();
  for (const { byDigest, part } of verified) {
    for (const at of (byDigest.get(digest) ?? []).slice(0, MAX_NAMES)) {
      const { name, kind } = part.artifacts[at] as SignedAs;
      const id = `${kind} ${name}`;
      if (seen.has(id)) continue;
      seen.add(id);
      yield { name, kind };
    }
  }
}

function judgeAs(
  policy: Policy,
  resolution: Resolution,
  inHand: InHand,
  findings: Findings,
  signedAs: SignedAs | undefined,
): Verdict {
  if (resolution.status !== 'required') return refuse(policy, resolution, inHand, findings);
  refuseUnenforced(resolution.unenforced);
  const { signers } = findings;
  const requirements = resolution.requirements.filter((one) =>
    one.type === 'signature' ? (signers?.has(one.signer.id) ?? true) : findings.moment !== 'sign',
  );
  return decide(requirements, findings.verified, findings.refused, contextOf(policy, resolution, inHand, findings, signedAs));
}

function contextOf(
  policy: Policy,
  required: Required,
  inHand: InHand,
  findings: Findings,
  signedAs: SignedAs | undefined,
): DecisionContext {
  const { at, latest, moment, anchored, unreachable, statements, vendors, negative, unreviewed } = findings;
  const flag = inHand.environment === undefined ? '' : ` --environment ${inHand.environment}`;
  return {
    artifact: { name: inHand.name, kind: required.kind, digest: inHand.digest },
    environment: required.environment,
    moment,
    at,
    ...(latest === undefined ? {} : { latest }),
    anchored,
    enforced: isEnforced(required, at),
    policy: policyOf(policy),
    tiers: required.tiers,
    requirements: required.digest,
    rules: required.rules.map(({ digest }) => digest),
    waivers: waiverTerms(policy, required),
    ...(statements === undefined ? {} : { statements }),
    ...(vendors === undefined ? {} : { vendors }),
    ...(negative === undefined ? {} : { negative }),
    ...(unreviewed === undefined ? {} : { unreviewed }),
    ...(signedAs ? { signedAs } : {}),
    ...(unreachable === undefined ? {} : { unreachable }),
    ...(findings.records === undefined ? {} : { records: findings.records }),
    next: {
      text: 'verify with the evidence that run leaves',
      command: `signwright sign ${shellWord(inHand.name)}${flag}`,
    },
    wait: {
      text: 'wait until the log has ordered it, and its witnesses have cosigned',
      command: `signwright wait ${shellWord(inHand.name)}${flag}`,
    },
    ask:
      findings.request === undefined
        ? { text: 'ask for it', command: `signwright request ${shellWord(inHand.name)}${flag}` }
        : { text: 'it is shown to them first', command: `signwright approve ${findings.request}` },
  };
}

/** Whether the verdict blocks: a tier that observes does not, until its day. */
function isEnforced({ demands: { observeUntil } }: Required, at: number): boolean {
  return observeUntil === undefined || at >= instantOf(observeUntil);
}

/** Who may waive what is demanded here. Where a layer that demands something lets nobody break the glass, nobody may. */
function waiverTerms(policy: Policy, { demands }: Required): WaiverTerms {
  const layers = demands.breakGlass.map(({ all }) => all);
  const glass = layers.length === 0 || layers.includes(null) ? undefined : uniteRoles(layers.flatMap((all) => all ?? []));
  return {
    ...(policy.waivers === undefined ? {} : { waivers: policy.waivers }),
    ...(policy.invalidateBefore === undefined ? {} : { notBefore: policy.invalidateBefore }),
    ...(glass === undefined
      ? {}
      : { breakGlass: glass.map(({ role, count, maxAge }) => ({ role: roleOf(policy, role), count, maxAge })) }),
  };
}

function roleOf({ roles }: Policy, id: string): RoleRule {
  const role = roles.get(id);
  if (role === undefined) throw new TypeError(`a policy with an undefined role ${id}`);
  return role;
}

function policyOf({ name, digest }: Policy): Verdict['policy'] {
  return { ...(name === undefined ? {} : { name }), digest };
}

/** A verdict where no requirement was reached: the policy itself lets nothing through. */
function refuse(
  policy: Policy,
  resolution: Exclude<Resolution, { status: 'required' }>,
  inHand: InHand,
  findings: Findings,
): Verdict {
  const artifact: Artifact = { name: inHand.name, kind: inferKind(inHand.name), digest: inHand.digest };
  return {
    result: 'deny',
    artifact,
    environment: inHand.environment ?? 'default',
    moment: findings.moment,
    at: new Date(findings.at).toISOString(),
    anchored: findings.anchored,
    development: false,
    enforced: true,
    policy: policyOf(policy),
    tiers: [],
    requirements: canonicalDigest({ status: resolution.status }),
    outcomes: [refusalOf(resolution)],
  };
}

function refusalOf(resolution: Exclude<Resolution, { status: 'required' }>): Outcome {
  const base = { requirement: 'rule', status: 'unmet', evidence: [], refused: [] } as const;
  switch (resolution.status) {
    case 'unlisted':
      return {
        ...base,
        layer: '',
        code: 'unlisted',
        message: `the policy does not list it, and what it does not list is refused: ${resolution.hint}`,
        next: { text: 'list it under "artifacts" in the policy, or give the name the policy knows it by with --name' },
      };
    case 'never': {
      const { layer, where, reason } = resolution.rule;
      const why = reason === undefined ? '' : `: ${reason}`;
      return {
        ...base,
        layer,
        code: 'never-sign',
        message: `the rule at ${where} says it is never signed nor released${why}`,
        next: { text: 'leave it out of the release' },
      };
    }
    case 'environment-not-listed': {
      const { rule, allowed } = resolution;
      return {
        ...base,
        layer: rule.layer,
        code: 'environment-not-listed',
        message: `the rule at ${rule.where} lets it go to ${allowed.join(', ')}, and nowhere else`,
        next: { text: `choose one of ${allowed.join(', ')}, or add a tier for this environment to the rule` },
      };
    }
    case 'environment-needed':
      throw environmentNeeded(resolution.choices);
  }
}

/** The error for an artifact whose tier depends on an environment that was not given. */
export function environmentNeeded(choices: readonly string[]): SignwrightError {
  return new SignwrightError('usage', 'what is demanded depends on where it is to go', {
    next: `give --environment ${choices.length === 0 ? '…; its rules have no environment in common' : choices.join(' or --environment ')}`,
  });
}

const WORST_FIRST: readonly Result[] = ['deny', 'inconclusive', 'pending', 'allow'];

/** The best verdict of the readings; of equals the one by the name in hand, which explains most. */
function bestOf(inHand: Verdict, names: Iterable<SignedAs>, judge: (as: SignedAs) => Verdict): Verdict {
  let undecidable: SignwrightError | undefined;
  let best = inHand;
  for (const as of names) {
    try {
      const verdict = judge(as);
      if (verdict.result === 'allow') return verdict;
      if (WORST_FIRST.indexOf(verdict.result) > WORST_FIRST.indexOf(best.result)) best = verdict;
    } catch (error) {
      if (!(error instanceof SignwrightError)) throw error;
      undecidable ??= error;
    }
  }
  if (undecidable) throw undecidable;
  return best;
}
