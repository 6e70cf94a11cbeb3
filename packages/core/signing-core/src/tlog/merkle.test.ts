import { expect, test } from 'vitest';
import { consistencyProof, EMPTY_ROOT, type HashReader, inclusionProof, leafHash, nodeHash, treeRoot } from './merkle.ts';
import vector from './vectors/rfc6962-roots.json' with { type: 'json' };
import { verifyConsistency, verifyInclusion } from './verify-merkle.ts';

const LEAVES = Array.from({ length: 64 }, (_, at) => leafHash(Buffer.from(`record ${at}`)));

/** Reads from leaves, and keeps what was read. */
function readerOf(leaves: readonly Buffer[], seen: string[] = []): HashReader {
  const hash = (level: number, index: number): Buffer =>
    level === 0 ? (leaves[index] as Buffer) : nodeHash(hash(level - 1, 2 * index), hash(level - 1, 2 * index + 1));
  return async (level, index) => {
    seen.push(`${level}/${index}`);
    return hash(level, index);
  };
}

test('the roots of the first trees are those of RFC 6962', async () => {
  const read = readerOf(vector.leaves.map((hex) => leafHash(Buffer.from(hex, 'hex'))));
  const roots = await Promise.all(vector.expect.map((_, size) => treeRoot(size, read)));
  expect(roots.map((root) => root.toString('hex'))).toEqual(vector.expect);
  expect(roots[0]).toEqual(EMPTY_ROOT);
});

/** MTH, PATH and SUBPROOF as RFC 6962 writes them, over lists. */
const split = (n: number): number => 2 ** Math.floor(Math.log2(n - 1));
function mth(d: readonly Buffer[]): Buffer {
  const k = split(d.length);
  return d.length === 1 ? (d[0] as Buffer) : nodeHash(mth(d.slice(0, k)), mth(d.slice(k)));
}
function path(m: number, d: readonly Buffer[]): Buffer[] {
  if (d.length === 1) return [];
  const k = split(d.length);
  return m < k ? [...path(m, d.slice(0, k)), mth(d.slice(k))] : [...path(m - k, d.slice(k)), mth(d.slice(0, k))];
}
function subproof(m: number, d: readonly Buffer[], b: boolean): Buffer[] {
  if (m === d.length) return b ? [] : [mth(d)];
  const k = split(d.length);
  if (m <= k) return [...subproof(m, d.slice(0, k), b), mth(d.slice(k))];
  return [...subproof(m - k, d.slice(k), false), mth(d.slice(0, k))];
}

test('proofs are, hash for hash, those RFC 6962 defines', async () => {
  const read = readerOf(LEAVES);
  for (let size = 1; size <= LEAVES.length; size++) {
    const leaves = LEAVES.slice(0, size);
    expect(await treeRoot(size, read)).toEqual(mth(leaves));
    for (let m = 0; m < size; m++) expect(await inclusionProof(m, size, read)).toEqual(path(m, leaves));
    for (let m = 1; m <= size; m++) expect(await consistencyProof(m, size, read)).toEqual(subproof(m, leaves, true));
  }
});

test('a proof reads no more hashes than a tree is high, twice, and only those of complete subtrees', async () => {
  for (const size of [1, 2, 3, 33, 47, 63, 64]) {
    for (let at = 0; at < size; at++) {
      for (const prove of [inclusionProof, consistencyProof]) {
        const seen: string[] = [];
        await prove(at, size, readerOf(LEAVES, seen));
        expect(seen.length).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(size)));
        expect(new Set(seen).size).toBe(seen.length);
        for (const place of seen) {
          const [level, index] = place.split('/').map(Number) as [number, number];
          expect((index + 1) * 2 ** level).toBeLessThanOrEqual(size);
        }
      }
    }
  }
});

test('trees of more than 2^32 records are counted right', async () => {
  // Every leaf is the same, so a subtree's hash depends on its height alone.
  const heights = [leafHash(Buffer.from('same'))];
  const read: HashReader = async (level) => {
    while (heights.length <= level) heights.push(nodeHash(heights.at(-1) as Buffer, heights.at(-1) as Buffer));
    return heights[level] as Buffer;
  };
  const leaf = heights[0] as Buffer;
  for (const size of [2 ** 31 + 1, 2 ** 32, 2 ** 40 + 12345, Number.MAX_SAFE_INTEGER]) {
    const root = await treeRoot(size, read);
    for (const index of [0, 2 ** 31 - 1, 2 ** 31, size - 1]) {
      const proof = await inclusionProof(index, size, read);
      expect(verifyInclusion({ leaf, index, size, root, proof })).toBe(true);
    }
    for (const from of [1, 2 ** 31, size - 1, size]) {
      const proof = await consistencyProof(from, size, read);
      const fromRoot = await treeRoot(from, read);
      expect(verifyConsistency({ from, fromRoot, to: size, toRoot: root, proof })).toBe(true);
    }
  }
});

test.each([
  ['a leaf after the last', () => inclusionProof(3, 3, readerOf(LEAVES))],
  ['a leaf before the first', () => inclusionProof(-1, 3, readerOf(LEAVES))],
  ['half a leaf', () => inclusionProof(0.5, 3, readerOf(LEAVES))],
  ['a smaller tree', () => consistencyProof(4, 3, readerOf(LEAVES))],
  ['a negative tree', () => treeRoot(-1, readerOf(LEAVES))],
  ['a tree that numbers cannot count', () => treeRoot(2 ** 53, readerOf(LEAVES))],
])('nothing is proven of %s', async (_, prove) => {
  await expect(prove()).rejects.toThrow(RangeError);
});
