import { createHash } from 'node:crypto';

/** Reads the hash of the complete subtree of 2^level leaves whose first leaf is `index` · 2^level. */
export type HashReader = (level: number, index: number) => Promise<Buffer>;

/** Bytes of a hash. */
export const HASH_SIZE = 32;

/** The root of a tree without leaves (RFC 6962, 2.1): SHA-256 of nothing. */
export const EMPTY_ROOT: Buffer = createHash('sha256').digest();

/** The hash of a leaf (RFC 6962, 2.1): SHA-256(0x00 ‖ record). */
export function leafHash(record: Uint8Array): Buffer {
  return createHash('sha256').update(Buffer.of(0)).update(record).digest();
}

/** The hash of an inner node (RFC 6962, 2.1): SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return createHash('sha256').update(Buffer.of(1)).update(left).update(right).digest();
}

/** The root of the tree of the first `size` leaves (RFC 6962, 2.1). */
export async function treeRoot(size: number, read: HashReader): Promise<Buffer> {
  checkCount(size, 'size');
  return size === 0 ? EMPTY_ROOT : rangeHash({ from: 0, to: size }, read);
}

/**
 * Proves that leaf `index` is in the tree of the first `size` leaves (RFC 6962, 2.1.1).
 *
 * @returns the hashes from the leaf's sibling to the root's child.
 */
export async function inclusionProof(index: number, size: number, read: HashReader): Promise<Buffer[]> {
  checkCount(size, 'size');
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) {
    throw new RangeError(`leaf ${index} is not in a tree of ${size}`);
  }
  return Promise.all(inclusionPath(index, { from: 0, to: size }).map((range) => rangeHash(range, read)));
}

/**
 * Proves that the tree of the first `from` leaves begins the tree of the first `to` (RFC 6962, 2.1.2). Of an empty tree, and of a
 * tree and itself, the proof is empty.
 */
export async function consistencyProof(from: number, to: number, read: HashReader): Promise<Buffer[]> {
  checkCount(from, 'size');
  checkCount(to, 'size');
  if (from > to) throw new RangeError(`a tree of ${from} is not the beginning of one of ${to}`);
  if (from === 0 || from === to) return [];
  return Promise.all(consistencyPath(from, { from: 0, to }, true).map((range) => rangeHash(range, read)));
}

/** Leaves `from` up to and not including `to`: always a subtree, as RFC 6962 splits trees. */
type Range = { readonly from: number; readonly to: number };

/** PATH(m, D[n]) of RFC 6962, 2.1.1. */
function inclusionPath(index: number, range: Range): Range[] {
  if (range.to - range.from === 1) return [];
  const [left, right] = halves(range);
  return index < left.to ? [...inclusionPath(index, left), right] : [...inclusionPath(index, right), left];
}

/** SUBPROOF(m, D[n], b) of RFC 6962, 2.1.2. */
function consistencyPath(size: number, range: Range, known: boolean): Range[] {
  if (size === range.to) return known ? [] : [range];
  const [left, right] = halves(range);
  return size <= left.to ? [...consistencyPath(size, left, known), right] : [...consistencyPath(size, right, false), left];
}

async function rangeHash(range: Range, read: HashReader): Promise<Buffer> {
  const width = range.to - range.from;
  const level = Math.round(Math.log2(width));
  if (2 ** level === width) return read(level, range.from / width);
  const [left, right] = await Promise.all(halves(range).map((half) => rangeHash(half, read)));
  return nodeHash(left as Buffer, right as Buffer);
}

/** Splits at the largest power of two below the width (RFC 6962, 2.1). */
export function halves({ from, to }: Range): [Range, Range] {
  let width = 1;
  while (width * 2 < to - from) width *= 2;
  return [
    { from, to: from + width },
    { from: from + width, to },
  ];
}

function checkCount(count: number, what: string): void {
  if (!Number.isSafeInteger(count) || count < 0) throw new RangeError(`${count} is no ${what} of a tree`);
}
