import { type BlobStore, inParallel, type Sha256, SignwrightError } from '@signwright/signing-core';
import { readEvidence } from './get-evidence.ts';
import { evidenceKey } from './layout.ts';
import { surveyEvidence } from './retention/survey-evidence.ts';

/** What is wrong with a store: pieces that are listed and not there, or have other bytes than their digest says. */
export type EvidenceProblem = { readonly id: Sha256; readonly what: string };

const PIECES_AT_ONCE = 4;

/**
 * Reads everything a store has and holds it against its digests. What it means, and whether it still verifies, is another question.
 *
 * @returns how many pieces there are, and what is wrong with some of them. A piece that is not listed and was never written, as a `put`
 * that was stopped leaves it, is none.
 * @throws SignwrightError `unreachable` where the index cannot be read.
 */
export async function checkEvidence(store: {
  readonly blobs: BlobStore;
}): Promise<{ readonly pieces: number; readonly problems: readonly EvidenceProblem[] }> {
  const problems: EvidenceProblem[] = [];
  let pieces = 0;
  await inParallel(await surveyEvidence(store), PIECES_AT_ONCE, async ({ id, subjects }) => {
    if (subjects === 0 && (await store.blobs.get(evidenceKey(id))) === undefined) return;
    pieces++;
    try {
      await readEvidence(store.blobs, id);
    } catch (error) {
      if (!(error instanceof SignwrightError)) throw error;
      problems.push({ id, what: error.message });
    }
  });
  return { pieces, problems: problems.sort((a, b) => (a.id < b.id ? -1 : 1)) };
}
