import { isCovered, partContents, refuseUseless, type SignerDefinition } from '@signwright/policy';
import { type Claims, preparePart, requirementsOf, type Sha256, type Verified } from '@signwright/signing-core';
import type { CollectedEvidence } from '../context/collect-evidence.ts';
import type { Joining } from '../releases/join-release.ts';
import { prepareStatementWork } from './statement-work.ts';
import { definitionOf, type PlannedArtifact, type SigningRun, type Work, workArtifact } from './work.ts';

/**
 * Settles one part a signer over those artifacts that have no valid part under the same requirements yet, with a record where one
 * is required. Nothing is signed.
 *
 * @param confirmed evidence whose record the log confirms, though its proof is not there yet.
 * @param joining the release they contribute to: then other parts do not spare an artifact its signature.
 */
export async function prepareParts(
  planned: readonly PlannedArtifact[],
  { before, confirmed, joining }: Before,
  asserted: Claims,
  run: SigningRun,
  note: (line: string) => void,
): Promise<Work[]> {
  const works: Work[] = [];
  for (const id of [...new Set(planned.flatMap(({ signers }) => [...signers]))].sort()) {
    const wanted = planned.filter((artifact) => artifact.signers.has(id));
    const counting = (artifact: PlannedArtifact): readonly Verified[] => {
      const parts = countingParts(artifact, before, confirmed);
      return joining === undefined ? parts : parts.filter((part) => joining.isOurs(part));
    };
    const missing = wanted.filter((artifact) => !isCovered(artifact, id, counting(artifact), Date.now()));
    if (missing.length < wanted.length)
      note(`${id}: ${wanted.length - missing.length} signed before, under the same requirements`);
    if (missing.length > 0) works.push(await prepare(definitionOf(run.open, id), missing, asserted, run, joining));
  }
  return works;
}

/** What is there before a run signs. */
type Before = {
  readonly before: CollectedEvidence;
  readonly confirmed: ReadonlySet<Sha256>;
  readonly joining?: Joining | undefined;
};

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
  joining: Joining | undefined,
): Promise<Work> {
  const release = joining === undefined ? {} : { release: joining.contribution(definition.id, missing) };
  const contents = { ...partContents(run.open.policy, definition.id, missing), ...release, asserted };
  return prepareStatementWork(
    {
      definition,
      deed: 'signed',
      artifacts: missing.map(workArtifact),
      prepare: (signing) => preparePart(contents, signing),
      check(verified) {
        if (!('part' in verified)) return;
        refuseUseless(missing, definition.id, verified, Date.now());
        joining?.check(verified);
      },
    },
    run,
  );
}
