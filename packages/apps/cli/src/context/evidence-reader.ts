import { type EvidenceStore, messageOf, type Sha256, SignwrightError } from '@signwright/signing-core';

/** Reads pieces of evidence; one that cannot be read hides none of the others. */
export type EvidenceReader = {
  list(subjects: readonly Sha256[]): Promise<ReadonlyMap<Sha256, readonly Sha256[]> | undefined>;
  get(id: Sha256): Promise<Uint8Array | undefined>;
};

/** Pieces that are read about one thing; whoever can list more than anybody needs is not let waste everybody's time. */
const MOST_PIECES = 1000;

/** The ids, unless they are too many. @throws SignwrightError `unreachable`: what the rest would prove is not known. */
export function mostOf(ids: readonly Sha256[], what: string): readonly Sha256[] {
  if (ids.length <= MOST_PIECES) return ids;
  throw new SignwrightError('unreachable', `the store lists ${ids.length} pieces of ${what}, more than ${MOST_PIECES}`, {
    next: 'look who put them there ("signwright evidence list"), and take out what is none of it',
  });
}

/** Reads on where a piece cannot be read, and tells why in `failures`. */
export function tolerantReader(store: EvidenceStore, failures: string[]): EvidenceReader {
  const readable = async <T>(read: Promise<T>): Promise<T | undefined> =>
    read.catch((error: unknown) => {
      if (!(error instanceof SignwrightError) || error.code !== 'unreachable') throw error;
      failures.push(`the evidence cannot be read: ${messageOf(error)}`);
      return undefined;
    });
  return { list: (subjects) => readable(store.list(subjects)), get: (id) => readable(store.get(id)) };
}
