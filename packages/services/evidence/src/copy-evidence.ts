import type { EvidenceBatches, EvidenceItem, EvidenceStore, Sha256 } from '@signwright/signing-core';
import { type Gathered, gatherEvidence } from './gather-evidence.ts';
import { putTogether } from './put-together.ts';

export type CopyOptions = {
  readonly from: EvidenceStore;
  readonly to: EvidenceStore & Partial<EvidenceBatches>;
  /** Of the artifacts whose evidence is copied, with all that it refers to. */
  readonly digests: readonly Sha256[];
  /** Until when a piece is to be kept where it is copied to; nothing is asked where this is left out or gives nothing. */
  readonly retainUntil?: (id: Sha256) => Date | undefined;
  /** Told of each batch that is there. */
  readonly onCopied?: (ids: readonly Sha256[]) => void;
};

/** Pieces, and bytes, that were copied; pieces that were there already. */
export type Copied = { readonly copied: number; readonly bytes: number; readonly present: number };

const BATCH_PIECES = 64;
const BATCH_BYTES = 8 * 1024 * 1024;

/**
 * Copies evidence from one store to another. What is there already, under every subject, is left alone (but where its retention may
 * need to be extended), so that a copy that was stopped goes on where it was.
 *
 * @throws as the stores do; what was copied by then stays.
 */
export async function copyEvidence(options: CopyOptions): Promise<Copied> {
  const { from, to, retainUntil = () => undefined, onCopied = () => undefined } = options;
  const gathered = await gatherEvidence(from, options.digests);
  const missing = await missingFrom(to, gathered, (id) => retainUntil(id) !== undefined);
  for (const batch of batchesOf(missing)) {
    const items: EvidenceItem[] = [];
    for (const { id, subjects } of batch) {
      const until = retainUntil(id);
      items.push({ evidence: await from.get(id), subjects, ...(until === undefined ? {} : { retainUntil: until }) });
    }
    onCopied(await putTogether(to, items));
  }
  const bytes = missing.reduce((sum, piece) => sum + piece.bytes, 0);
  return { copied: missing.length, bytes, present: gathered.length - missing.length };
}

/** The pieces that are not listed there under each of their subjects, or have something new to be said of them. */
async function missingFrom(
  to: EvidenceStore,
  gathered: readonly Gathered[],
  isNews: (id: Sha256) => boolean,
): Promise<readonly Gathered[]> {
  const subjects = [...new Set(gathered.flatMap((piece) => piece.subjects))];
  const listed = new Map(Array.from(await to.list(subjects), ([subject, ids]) => [subject, new Set(ids)]));
  return gathered.filter(({ id, subjects }) => isNews(id) || subjects.some((subject) => !listed.get(subject)?.has(id)));
}

/** Few enough to be in memory at once; a large piece alone. */
function batchesOf(pieces: readonly Gathered[]): readonly (readonly Gathered[])[] {
  const batches: Gathered[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const piece of pieces) {
    const batch = batches.at(-1);
    if (batch === undefined || batch.length >= BATCH_PIECES || bytes + piece.bytes > BATCH_BYTES) {
      batches.push([piece]);
      bytes = piece.bytes;
    } else {
      batch.push(piece);
      bytes += piece.bytes;
    }
  }
  return batches;
}
