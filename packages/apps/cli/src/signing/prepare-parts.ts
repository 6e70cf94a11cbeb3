import { isCovered, partContents, refuseUseless, type SignerDefinition } from '@signwright/policy';
import { type Claims, preparePart, requirementsOf, type Sha256, signPart, type Verified } from '@signwright/signing-core';
import { systemClock } from '../context/clock.ts';
import type { CollectedEvidence } from '../context/collect-evidence.ts';
import { checkNotStopped, definitionOf, type PlannedArtifact, type SigningRun, type Work, workArtifact } from './work.ts';

/**
 * Settles one part a signer over those artifacts that have no valid part under the same requirements yet, with a record where one
 * is required. Nothing is signed.
 *
 * @param confirmed evidence whose record the log confirms, though its proof is not there yet.
 */
export async function prepareParts(
  planned: readonly PlannedArtifact[],
  { before, confirmed }: { readonly before: CollectedEvidence; readonly confirmed: ReadonlySet<Sha256> },
  asserted: Claims,
  run: SigningRun,
  note: (line: string) => void,
): Promise<Work[]> {
  const works: Work[] = [];
  for (const id of [...new Set(planned.flatMap(({ signers }) => [...signers]))].sort()) {
    const wanted = planned.filter((artifact) => artifact.signers.has(id));
    const missing = wanted.filter((artifact) => !isCovered(artifact, id, countingParts(artifact, before, confirmed), Date.now()));
    if (missing.length < wanted.length)
      note(`${id}: ${wanted.length - missing.length} signed before, under the same requirements`);
    if (missing.length > 0) works.push(await prepare(definitionOf(run.open, id), missing, asserted, run));
  }
  return works;
}

/** The parts that may count: where a record is required, those that have one, or a receipt the log confirms. */
function countingParts(
  { digest, required }: PlannedArtifact,
  before: CollectedEvidence,
  confirmed: ReadonlySet<Sha256>,
): readonly Verified[] {
  const verified = before.verified(digest);
  if (requirementsOf(required.requirements, 'audit').length === 0) return verified;
  return verified.filter(({ evidence }) => before.records.proven.has(evidence) || confirmed.has(evidence));
}

async function prepare(
  definition: SignerDefinition,
  missing: readonly PlannedArtifact[],
  asserted: Claims,
  run: SigningRun,
): Promise<Work> {
  const { open, timestamps, trust } = run;
  const signer = await run.signers.of(definition);
  const contents = { ...partContents(open.policy, definition.id, missing), asserted };
  const prepared = await preparePart(contents, { signer, rule: definition.rule, timestamps, trust, clock: systemClock });
  return {
    definition,
    deed: 'signed',
    artifacts: missing.map(workArtifact),
    signer: prepared.signer,
    unreached: run.signers.unreached(definition),
    ...(prepared.certified === undefined ? {} : { certified: prepared.certified }),
    bytes: prepared.bytes,
    async sign() {
      checkNotStopped(run);
      const part = await signPart(prepared);
      refuseUseless(missing, definition.id, part.verified, Date.now());
      return { signed: part };
    },
  };
}
