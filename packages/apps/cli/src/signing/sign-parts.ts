import type { SignerDefinition } from '@signwright/policy';
import {
  decide,
  type EvidenceStore,
  type EvidenceTrust,
  type PartArtifact,
  SignwrightError,
  signPart,
  type TimestampAuthority,
  type Verified,
} from '@signwright/signing-core';
import { systemClock } from '../context/clock.ts';
import type { CollectedEvidence } from '../context/open-evidence.ts';
import type { OpenPolicy } from '../context/open-policy.ts';
import { openSigner, type PassphraseOptions } from '../context/open-signer.ts';
import { sourceContext } from '../context/source-context.ts';
import type { PlannedArtifact } from './plan-signing.ts';

/** What signing in this run rests on. */
export type SigningRun = {
  readonly open: OpenPolicy;
  readonly store: EvidenceStore;
  readonly timestamps: TimestampAuthority;
  readonly trust: EvidenceTrust;
  readonly passphrase: PassphraseOptions;
  readonly signal: AbortSignal;
};

/**
 * Signs one part a signer over those artifacts that have no valid part under the same requirements yet, and publishes each as soon
 * as it verifies.
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
    const missing = wanted.filter((artifact) => !hasPart(artifact, id, before));
    if (missing.length < wanted.length)
      note(`${id}: ${wanted.length - missing.length} signed before, under the same requirements`);
    if (missing.length > 0) parts.push({ definition: definitionOf(run.open, id), missing });
  }
  const asserted = parts.length > 0 ? await sourceContext() : {};
  for (const { definition, missing } of parts) {
    if (run.signal.aborted) throw new SignwrightError('cancelled', 'stopped before everything was signed');
    const part = await makePart(definition, missing, asserted, run);
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
  const signer = await openSigner(run.open, definition, run.passphrase);
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
  return signPart(
    { artifacts, environment, signer: definition.id, policy: named, asserted },
    { signer, rule: definition.rule, timestamps: run.timestamps, trust: run.trust, clock: systemClock },
  );
}

/** Whether a valid part by this signer covers the artifact under the requirements that apply now. */
function hasPart({ name, digest, required }: PlannedArtifact, id: string, before: CollectedEvidence): boolean {
  const requirement = required.requirements.filter(({ signer }) => signer.id === id);
  const parts = before
    .verified(digest)
    .filter(({ part }) =>
      part.artifacts.some(
        (one) => one.digest === digest && one.name === name && one.kind === required.kind && one.requirements === required.digest,
      ),
    );
  const context = {
    artifact: { name, kind: required.kind, digest },
    environment: required.environment,
    moment: 'sign',
    at: Date.now(),
    anchored: false,
    policy: { digest: required.digest },
    tiers: required.tiers,
    requirements: required.digest,
    next: { text: '' },
  } as const;
  return decide(requirement, parts, [], context).result === 'allow';
}
