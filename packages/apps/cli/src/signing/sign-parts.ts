import type { SignerDefinition } from '@signwright/policy';
import {
  decide,
  type EvidenceStore,
  type EvidenceTrust,
  type PartArtifact,
  SignwrightError,
  signPart,
  type TimestampAuthority,
  type Verdict,
  type Verified,
} from '@signwright/signing-core';
import { systemClock } from '../context/clock.ts';
import type { CollectedEvidence } from '../context/open-evidence.ts';
import type { OpenPolicy } from '../context/open-policy.ts';
import type { Signers } from '../context/open-signer.ts';
import { sourceContext } from '../context/source-context.ts';
import type { PlannedArtifact } from './plan-signing.ts';

/** What signing in this run rests on. */
export type SigningRun = {
  readonly open: OpenPolicy;
  readonly store: EvidenceStore;
  readonly timestamps: TimestampAuthority;
  readonly trust: EvidenceTrust;
  readonly signers: Signers;
  readonly signal: AbortSignal;
};

/**
 * Signs one part a signer over those artifacts that have no valid part under the same requirements yet. None is published before
 * all of them are signed and count.
 *
 * @returns the parts that were made.
 */
export async function signParts(
  planned: readonly PlannedArtifact[],
  before: CollectedEvidence,
  run: SigningRun,
  note: (line: string) => void,
): Promise<Verified[]> {
  const made: Verified[] = [];
  const signers = [...new Set(planned.flatMap(({ signers }) => [...signers]))].sort();
  const parts = [];
  for (const id of signers) {
    const wanted = planned.filter((artifact) => artifact.signers.has(id));
    const missing = wanted.filter((artifact) => !hasPart(artifact, id, before.verified(artifact.digest)));
    if (missing.length < wanted.length)
      note(`${id}: ${wanted.length - missing.length} signed before, under the same requirements`);
    if (missing.length > 0) parts.push({ definition: definitionOf(run.open, id), missing });
  }
  const asserted = parts.length > 0 ? await sourceContext() : {};
  for (const { definition } of parts) await run.signers.of(definition);
  const signed = [];
  for (const { definition, missing } of parts) {
    if (run.signal.aborted) throw new SignwrightError('cancelled', 'stopped before anything was signed: nothing was written');
    signed.push({ definition, missing, part: await makePart(definition, missing, asserted, run) });
  }
  for (const { definition, missing, part } of signed) {
    const id = await run.store.put(part.bytes, [...new Set(missing.map(({ digest }) => digest))]);
    made.push(part.verified);
    note(`${definition.id}: signed ${missing.length}, evidence ${id}`);
  }
  return made;
}

/** The signer the policy defines by this id. */
export function definitionOf(open: OpenPolicy, id: string): SignerDefinition {
  const definition = open.policy.signers.get(id);
  if (!definition) throw new TypeError(`the policy has no signer ${id}`);
  return definition;
}

async function makePart(
  definition: SignerDefinition,
  missing: readonly PlannedArtifact[],
  asserted: { readonly [name: string]: string },
  run: SigningRun,
): Promise<Awaited<ReturnType<typeof signPart>>> {
  const { policy } = run.open;
  const signer = await run.signers.of(definition);
  const artifacts = missing.map(({ name, digest, required }): PartArtifact => {
    const [rule] = required.rules;
    return {
      name,
      kind: required.kind,
      digest,
      requirements: required.digest,
      ...(rule?.owner === undefined ? {} : { owner: rule.owner }),
      ...(rule?.reason === undefined ? {} : { reason: rule.reason }),
    };
  });
  const environment = (missing[0] as PlannedArtifact).required.environment.id;
  const named = { ...(policy.name === undefined ? {} : { name: policy.name }), digest: policy.digest };
  const part = await signPart(
    { artifacts, environment, signer: definition.id, policy: named, asserted },
    { signer, rule: definition.rule, timestamps: run.timestamps, trust: run.trust, clock: systemClock },
  );
  refuseUseless(definition.id, missing, part.verified);
  return part;
}

/** What would not count is not published: a later run could not tell it from what was never signed. */
function refuseUseless(id: string, missing: readonly PlannedArtifact[], part: Verified): void {
  for (const artifact of missing) {
    const verdict = judgePart(artifact, id, [part]);
    if (verdict.result === 'allow') continue;
    const reason = verdict.outcomes.flatMap(({ refused }) => refused.map(({ message }) => message))[0];
    throw new SignwrightError('denied', `a signature by ${id} would not count: ${reason ?? 'its requirement is not met'}`, {
      next: 'nothing was written; sign where the policy allows it, or with a signer it lets count there',
    });
  }
}

/** Whether a valid part by this signer covers the artifact under the requirements that apply now. */
function hasPart(artifact: PlannedArtifact, id: string, verified: readonly Verified[]): boolean {
  const { name, digest, required } = artifact;
  const parts = verified.filter(({ part, byDigest }) =>
    (byDigest.get(digest) ?? []).some((at) => {
      const one = part.artifacts[at];
      return one?.name === name && one.kind === required.kind && one.requirements === required.digest;
    }),
  );
  return judgePart(artifact, id, parts).result === 'allow';
}

/** What this signer's requirement makes of these parts alone. */
function judgePart({ name, digest, required }: PlannedArtifact, id: string, parts: readonly Verified[]): Verdict {
  const requirement = required.requirements.filter(({ signer }) => signer.id === id);
  return decide(requirement, parts, [], {
    artifact: { name, kind: required.kind, digest },
    environment: required.environment,
    moment: 'sign',
    at: Date.now(),
    anchored: false,
    policy: { digest: required.digest },
    tiers: required.tiers,
    requirements: required.digest,
    next: { text: '' },
  });
}
