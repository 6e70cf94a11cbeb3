import { isCovered, partContents, refuseUseless, type SignerDefinition, type ToSign } from '@signwright/policy';
import {
  type EvidenceStore,
  type EvidenceTrust,
  SignwrightError,
  signPart,
  type TimestampAuthority,
  type Verified,
} from '@signwright/signing-core';
import type { ArtifactInHand } from '../context/artifacts-in-hand.ts';
import { systemClock } from '../context/clock.ts';
import type { CollectedEvidence } from '../context/open-evidence.ts';
import type { OpenPolicy } from '../context/open-policy.ts';
import type { Signers } from '../context/open-signer.ts';
import { sourceContext } from '../context/source-context.ts';

/** An artifact to sign: its bytes, what is demanded of it, and by whom this run signs it. */
export type PlannedArtifact = ToSign<ArtifactInHand>;

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
    const missing = wanted.filter((artifact) => !isCovered(artifact, id, before.verified(artifact.digest), Date.now()));
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
  const { open, timestamps, trust } = run;
  const signer = await run.signers.of(definition);
  const contents = { ...partContents(open.policy, definition.id, missing), asserted };
  const part = await signPart(contents, { signer, rule: definition.rule, timestamps, trust, clock: systemClock });
  refuseUseless(missing, definition.id, part.verified, Date.now());
  return part;
}
