import { type BlobStore, hexOf, type Sha256 } from '@signwright/signing-core';
import { changeLines, type LineFormat, readLines } from './lines.ts';

/** One listing: that a piece of evidence is about a subject. */
export type Listing = { readonly subject: Sha256; readonly id: Sha256 };

/** Lines `SUBJECT EVIDENCE`, both in hex. */
const FORMAT: LineFormat = { line: /^[0-9a-f]{64} [0-9a-f]{64}$/, unique: 129 };

/** Reads one shard of the index: the evidence listed under each subject whose digest begins with the shard's byte. */
export async function readIndex(blobs: BlobStore, key: string): Promise<readonly Listing[]> {
  return (await readLines(blobs, key, FORMAT)).map(parse);
}

/** Adds listings of one shard to what is listed there; writes nothing where they are. */
export async function addToIndex(blobs: BlobStore, key: string, listings: readonly Listing[]): Promise<void> {
  const wanted = new Set(listings.map(write));
  await changeLines(blobs, key, FORMAT, (lines) => {
    const present = new Set(lines);
    const missing = [...wanted].filter((line) => !present.has(line));
    return missing.length === 0 ? undefined : [...lines, ...missing];
  });
}

/**
 * Takes evidence out of one shard, under whatever subjects it is listed there.
 *
 * @param stillWanted is asked before each swap; it throws where the evidence is not to be removed any more.
 * @returns what was taken out.
 */
export async function takeFromIndex(
  blobs: BlobStore,
  key: string,
  ids: ReadonlySet<Sha256>,
  stillWanted: () => void,
): Promise<readonly Listing[]> {
  const taken = new Map<string, Listing>();
  await changeLines(blobs, key, FORMAT, (lines) => {
    const going = lines.filter((line) => ids.has(parse(line).id));
    for (const line of going) taken.set(line, parse(line));
    if (going.length === 0) return undefined;
    stillWanted();
    const gone = new Set(going);
    return lines.filter((line) => !gone.has(line));
  });
  return [...taken.values()];
}

function parse(line: string): Listing {
  return { subject: `sha256:${line.slice(0, 64)}`, id: `sha256:${line.slice(65)}` };
}

function write({ subject, id }: Listing): string {
  return `${hexOf(subject)} ${hexOf(id)}`;
}
