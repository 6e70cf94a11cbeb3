import type { Artifact, Kind } from '../artifact.ts';
import { authorName } from '../author-name.ts';
import type { Sha256 } from '../formats/digest.ts';
import { isoTime } from '../formats/iso-time.ts';
import { quoted } from '../formats/quoted.ts';
import { matchAuthor } from '../match-author.ts';
import { type Requirement, requirementsOf, type SignatureRequirement, type SignerRule } from '../requirement.ts';
import type { NextStep, Outcome, Refusal, Result, Verdict } from '../verdict.ts';
import type { Verified } from '../verify-evidence.ts';
import type { VerifiedVendor } from '../verify-vendor.ts';
import { decideApprovals } from './approvals.ts';
import { decideAttestation } from './attestation.ts';
import { decideAudit } from './audit.ts';
import { type DecisionContext, whyNotNow, whyNotYet } from './context.ts';
import { doubtsOf, inDoubt, underDoubt } from './doubt.ts';
import { separateDuties } from './duties.ts';
import { unreviewedWaivers } from './reviews.ts';
import { decideVendor } from './vendor.ts';
import { waive } from './waive.ts';
import { decideFreeze, decideWindow } from './windows.ts';

/** Names a message lists, of many that a part gives the same bytes. */
const NAMES_SHOWN = 5;

/**
 * Decides: which requirements the verified evidence meets, why the others are unmet, and what follows. Pure: the same input in
 * any order gives the same verdict. Deny outweighs inconclusive, which outweighs pending, which outweighs allow; with nothing
 * required nothing is allowed.
 *
 * @param refused evidence about this artifact that did not hold.
 */
export function decide(
  requirements: readonly Requirement[],
  verified: readonly Verified[],
  refused: readonly Refusal[],
  context: DecisionContext,
): Verdict {
  const trusting = decideBy(requirements, verified, refused, context);
  const doubts = doubtsOf(verified, context);
  if (doubts.own.size + doubts.vendors.size === 0) return trusting;
  const doubting = decideBy(requirements, verified, refused, { ...context, doubting: true });
  const about = typesById(requirements);
  const outcomes = trusting.outcomes.map((outcome, at) => {
    const type = about.get(outcome.requirement);
    // Records are proved, whatever became of certificates; what they are of is judged by its own requirement.
    if (type === 'audit') return outcome;
    return underDoubt(outcome, doubting.outcomes[at] as Outcome, type === 'vendor' ? doubts.vendors : doubts.own);
  });
  return { ...trusting, result: resultOf(outcomes), outcomes };
}

function typesById(requirements: readonly Requirement[]): ReadonlyMap<string, Requirement['type']> {
  return new Map(requirements.map(({ id, type }) => [id, type]));
}

/** The verdict if all evidence counted, or, `doubting`, all of which nobody knows whether it is revoked did not. */
function decideBy(
  requirements: readonly Requirement[],
  verified: readonly Verified[],
  refused: readonly Refusal[],
  context: DecisionContext,
): Verdict {
  const [audit] = requirementsOf(requirements, 'audit');
  const recording = {
    required: audit !== undefined,
    proves: (evidence: Sha256): boolean => audit === undefined || (context.records?.proven.has(evidence) ?? false),
  };
  const proven = ({ evidence }: Verified): number => Number(recording.proves(evidence));
  const counted = [...verified].sort((a, b) => proven(b) - proven(a) || firstTheBetter(a, b));
  const listed = [...refused].sort((a, b) => (a.evidence < b.evidence ? -1 : 1));
  const signatures = requirementsOf(requirements, 'signature').map((one) => decideSignature(one, counted, listed, context));
  const signed = new Set(signatures.flatMap(({ evidence }) => evidence));

  const [dutiesAsked] = requirementsOf(requirements, 'duties');
  const duties = separateDuties(
    dutiesAsked,
    counted.filter(({ evidence }) => signed.has(evidence)),
    context,
  );
  const approvals = decideApprovals(requirementsOf(requirements, 'approval'), duties, recording, listed, context);
  const vendors = requirementsOf(requirements, 'vendor').map((one) => decideVendor(one, context));
  const others = [
    ...signatures,
    ...(duties.outcome ? [duties.outcome] : []),
    ...approvals,
    ...requirementsOf(requirements, 'attestation').map((one) => decideAttestation(one, context)),
    ...requirementsOf(requirements, 'window').map((one) => decideWindow(one, context)),
    ...requirementsOf(requirements, 'freeze').map((one) => decideFreeze(one, context)),
  ];
  const waived = waive(others, requirements, duties, recording, context);
  const recorded = audit === undefined ? [] : [decideAudit(audit, waived, context.records, context)];
  // What vendors sign, nobody here makes: no log of ours has a record of it.
  const outcomes = [...recorded, ...vendors, ...waived];
  const used = new Set(outcomes.flatMap((outcome) => outcome.evidence));
  const vouched = (context.vendors ?? []).filter((one): one is VerifiedVendor => !('code' in one));
  const made = [...counted, ...(context.statements ?? []), ...vouched];
  const unreviewed = unreviewedWaivers(waived, requirements, context);
  return {
    result: resultOf(outcomes),
    artifact: context.artifact,
    environment: context.environment.id,
    moment: context.moment,
    at: isoTime(context.at),
    anchored: context.anchored,
    development: made.some((one) => one.development && used.has(one.evidence)),
    enforced: context.enforced ?? true,
    policy: context.policy,
    tiers: context.tiers,
    requirements: context.requirements,
    ...(context.signedAs && differs(context.signedAs, context.artifact) ? { signedAs: context.signedAs } : {}),
    ...(unreviewed.length === 0 ? {} : { unreviewed }),
    outcomes,
  };
}

/** What is known to be good first, then what rests on no trial root, so that a verdict is not called `development` without need; then the earliest. */
function firstTheBetter(a: Verified, b: Verified): number {
  return (
    inDoubt(a) - inDoubt(b) ||
    Number(a.development) - Number(b.development) ||
    a.time.at - b.time.at ||
    (a.evidence < b.evidence ? -1 : 1)
  );
}

function differs(signedAs: { readonly name: string; readonly kind: Kind }, artifact: Artifact): boolean {
  return signedAs.name !== artifact.name || signedAs.kind !== artifact.kind;
}

/** The result of several outcomes. */
export function resultOf(outcomes: readonly Outcome[]): Result {
  const has = (status: Outcome['status']): boolean => outcomes.some((outcome) => outcome.status === status);
  if (has('unmet') || outcomes.length === 0) return 'deny';
  if (has('inconclusive')) return 'inconclusive';
  return has('pending') ? 'pending' : 'allow';
}

function decideSignature(
  requirement: SignatureRequirement,
  verified: readonly Verified[],
  refused: readonly Refusal[],
  context: DecisionContext,
): Outcome {
  const { id, layer, signer } = requirement;
  const base = { requirement: id, layer, evidence: [], refused: [] };
  const refusals = [...refused];
  // Each part states which signer it is by, and meets that one requirement alone.
  const others = new Set(verified.map(({ part }) => part.signer).filter((by) => by !== signer.id));
  for (const evidence of verified.filter(({ part }) => part.signer === signer.id)) {
    const refusal = whyNotCounted(evidence, requirement, context);
    if (refusal === undefined) {
      return { ...base, status: 'met', code: 'signature-verified', message: describe(evidence), evidence: [evidence.evidence] };
    }
    refusals.push({ evidence: evidence.evidence, ...refusal });
  }
  if (context.unreachable !== undefined) {
    const message = context.unreachable;
    const next = {
      ...context.next,
      text: 'bring the evidence that the signing run left (--evidence names its directory) and verify again, or sign anew',
    };
    return { ...base, refused: refusals, status: 'inconclusive', code: 'evidence-unreachable', message, next };
  }
  if (refusals.length === 0) {
    return {
      ...base,
      status: 'unmet',
      code: 'no-signature',
      message: `no signature by ${signer.id} over these bytes was found${others.size === 0 ? '' : `, only by ${[...others].sort().map(quoted).join(', ')}`}`,
      next: nextFor(signer, [], context),
    };
  }
  const message = `no signature by ${signer.id} counts: ${refusals.length} found and refused`;
  return {
    ...base,
    refused: refusals,
    status: 'unmet',
    code: 'signatures-refused',
    message,
    next: nextFor(signer, refusals, context),
  };
}

/** Who may meet the requirement, and how. */
function nextFor(signer: SignerRule, refusals: readonly Refusal[], context: DecisionContext): NextStep {
  if (refusals.length > 0 && refusals.every(({ code }) => code === 'development-not-allowed')) {
    return { text: `sign with a signer that rests on no trial root, or verify for an environment that allows development` };
  }
  const jobs = signer.workloads.map(({ id, issuer }) => `${id} (${issuer})`).join(' or ');
  const who = signer.certificate && jobs !== '' ? `a job of ${jobs}` : 'whoever holds its key';
  return { ...context.next, text: `have ${signer.id} sign these bytes: ${who}; then ${context.next.text}` };
}

function whyNotCounted(
  evidence: Verified,
  requirement: SignatureRequirement,
  context: DecisionContext,
): Omit<Refusal, 'evidence'> | undefined {
  const { artifacts } = evidence.part;
  const places = evidence.byDigest.get(context.artifact.digest) ?? [];
  if (places.length === 0) return { code: 'wrong-subject', message: 'the part does not name these bytes' };
  const early = whyNotYet(evidence, context);
  if (early) return early;
  const mismatch = matchAuthor(evidence, requirement.signer);
  if (mismatch) return mismatch;
  const { signedAs } = context;
  if (signedAs && !places.some((at) => artifacts[at]?.name === signedAs.name && artifacts[at].kind === signedAs.kind)) {
    const names = places.slice(0, NAMES_SHOWN).map((at) => `${artifacts[at]?.name} (${artifacts[at]?.kind})`);
    const more = places.length > NAMES_SHOWN ? ` and ${places.length - NAMES_SHOWN} more` : '';
    return { code: 'other-artifact', message: `the part signs these bytes as ${names.join(', ')}${more}` };
  }
  if (context.environment.matters && evidence.part.environment !== context.environment.id) {
    return {
      code: 'other-environment',
      message: `it was signed for the environment ${quoted(evidence.part.environment)}, not ${context.environment.id}`,
    };
  }
  return whyNotNow(evidence, context);
}

function describe({ author, time }: Verified): string {
  const by = author.type === 'key' ? `the key ${author.keyId} (a key proves the key, not the job)` : authorName(author);
  return `signed by ${by} at ${isoTime(time.at)}, as ${time.authority} attests`;
}
