import fc from 'fast-check';
import { expect, test } from 'vitest';
import { consistencyProof, EMPTY_ROOT, type HashReader, inclusionProof, leafHash, nodeHash, treeRoot } from './merkle.ts';
import { type Consistency, type Inclusion, verifyConsistency, verifyInclusion } from './verify-merkle.ts';

const LARGEST = 1024;
const LEVELS = [Array.from({ length: LARGEST }, (_, at) => leafHash(Buffer.from(`record ${at}`)))];
while ((LEVELS.at(-1) as Buffer[]).length > 1) {
  const below = LEVELS.at(-1) as Buffer[];
  LEVELS.push(
    Array.from({ length: below.length / 2 }, (_, at) => nodeHash(below[2 * at] as Buffer, below[2 * at + 1] as Buffer)),
  );
}
const read: HashReader = async (level, index) => LEVELS[level]?.[index] as Buffer;
const leafAt = (index: number): Buffer => LEVELS[0]?.[index] as Buffer;

const inclusionOf = async (index: number, size: number): Promise<Inclusion> => ({
  leaf: leafAt(index),
  index,
  size,
  root: await treeRoot(size, read),
  proof: await inclusionProof(index, size, read),
});
const consistencyOf = async (from: number, to: number): Promise<Consistency> => ({
  from,
  fromRoot: await treeRoot(from, read),
  to,
  toRoot: await treeRoot(to, read),
  proof: await consistencyProof(from, to, read),
});

/** Some places of a range: its ends, its middle, and what lies around powers of two. */
const places = (size: number): number[] => {
  const some = [0, 1, 2, 127, 128, 129, 255, 256, 511, 512, 513, size >> 1, size - 2, size - 1];
  return [...new Set(some)].filter((at) => at >= 0 && at < size);
};

test('inclusion and consistency hold for every size to 1,024', async () => {
  for (let size = 1; size <= LARGEST; size++) {
    const indices = size <= 80 ? Array.from({ length: size }, (_, at) => at) : places(size);
    for (const index of indices) {
      expect(verifyInclusion(await inclusionOf(index, size)), `inclusion of ${index} in ${size}`).toBe(true);
      expect(verifyConsistency(await consistencyOf(index + 1, size)), `${index + 1} begins ${size}`).toBe(true);
    }
  }
}, 60_000);

const sizeAndPlace = fc.integer({ min: 2, max: LARGEST }).chain((size) => fc.tuple(fc.constant(size), fc.nat(size - 1)));

/** One hash with one bit changed. */
const flipped = (hash: Uint8Array, bit: number): Buffer => {
  const changed = Buffer.from(hash);
  changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
  return changed;
};
/** Every way to spoil a list of hashes that keeps them hashes. */
const spoiled = (proof: readonly Uint8Array[], bit: number): Uint8Array[][] => [
  ...proof.map((hash, at) => proof.with(at, flipped(hash, bit))),
  ...proof.map((_, at) => proof.toSpliced(at, 1)),
  ...proof.map((hash, at) => proof.toSpliced(at, 0, hash)),
  ...proof.slice(1).map((_, at) => proof.toSpliced(at, 2, proof[at + 1] as Buffer, proof[at] as Buffer)),
  [...proof, EMPTY_ROOT],
  [EMPTY_ROOT, ...proof],
  ...(proof.length > 0 ? [[]] : []),
];

test('an inclusion proof with any changed, dropped, doubled or swapped hash, for any other record or place, does not hold', async () => {
  await fc.assert(
    fc.asyncProperty(sizeAndPlace, fc.nat(255), fc.nat(LARGEST), async ([size, index], bit, other) => {
      const honest = await inclusionOf(index, size);
      const lies: Inclusion[] = [
        ...spoiled(honest.proof, bit).map((proof) => ({ ...honest, proof })),
        { ...honest, leaf: flipped(honest.leaf, bit) },
        { ...honest, root: flipped(honest.root, bit) },
        ...[other % size, index - 1, index + 1, size, -1, index + 0.5]
          .filter((wrong) => wrong !== index)
          .map((wrong) => ({ ...honest, index: wrong })),
        { ...honest, size: index },
        { ...honest, size: Number.NaN },
      ];
      expect(lies.map(verifyInclusion)).not.toContain(true);
    }),
    { numRuns: 150 },
  );
});

test('every single bit of an inclusion proof counts', async () => {
  const honest = await inclusionOf(700, 1000);
  for (let at = 0; at < honest.proof.length; at++) {
    for (let bit = 0; bit < 256; bit++) {
      const proof = honest.proof.with(at, flipped(honest.proof[at] as Buffer, bit));
      expect(verifyInclusion({ ...honest, proof })).toBe(false);
    }
  }
});

test('a consistency proof with any changed, dropped, doubled or swapped hash, or for other trees, does not hold', async () => {
  await fc.assert(
    fc.asyncProperty(sizeAndPlace, fc.nat(255), fc.nat(LARGEST), async ([to, before], bit, other) => {
      fc.pre(before > 0);
      const honest = await consistencyOf(before, to);
      const lies: Consistency[] = [
        ...spoiled(honest.proof, bit).map((proof) => ({ ...honest, proof })),
        { ...honest, fromRoot: flipped(honest.fromRoot, bit) },
        { ...honest, toRoot: flipped(honest.toRoot, bit) },
        { ...honest, fromRoot: honest.toRoot },
        { ...honest, toRoot: honest.fromRoot },
        { ...honest, from: to, to: before },
        { ...honest, from: 0 },
        { ...honest, from: to },
        ...[other % to, before - 1, before + 1].filter((wrong) => wrong !== before).map((from) => ({ ...honest, from })),
      ];
      expect(lies.map(verifyConsistency)).not.toContain(true);
    }),
    { numRuns: 150 },
  );
});

test('a log that changed a record has no proof of being the one it was', async () => {
  const { proof, ...honest } = await consistencyOf(300, 500);
  const changed: HashReader = async (level, index) => (index === 0 ? EMPTY_ROOT : read(level, index));
  const toRoot = await treeRoot(500, changed);
  expect(verifyConsistency({ ...honest, toRoot, proof })).toBe(false);
  expect(verifyConsistency({ ...honest, toRoot, proof: await consistencyProof(300, 500, changed) })).toBe(false);
});

test('the empty tree begins every tree, and only by its own root', () => {
  const toRoot = leafAt(0);
  expect(verifyConsistency({ from: 0, fromRoot: EMPTY_ROOT, to: 1, toRoot, proof: [] })).toBe(true);
  expect(verifyConsistency({ from: 0, fromRoot: EMPTY_ROOT, to: 0, toRoot: EMPTY_ROOT, proof: [] })).toBe(true);
  expect(verifyConsistency({ from: 0, fromRoot: toRoot, to: 1, toRoot, proof: [] })).toBe(false);
  expect(verifyConsistency({ from: 0, fromRoot: EMPTY_ROOT, to: 0, toRoot, proof: [] })).toBe(false);
  expect(verifyConsistency({ from: 0, fromRoot: EMPTY_ROOT, to: 1, toRoot, proof: [EMPTY_ROOT] })).toBe(false);
});

test('hashes of another length never count', async () => {
  const honest = await inclusionOf(3, 8);
  expect(verifyInclusion({ ...honest, leaf: Buffer.alloc(0) })).toBe(false);
  expect(verifyInclusion({ ...honest, proof: honest.proof.with(0, Buffer.alloc(33)) })).toBe(false);
  expect(verifyInclusion({ leaf: Buffer.alloc(64), index: 0, size: 1, root: Buffer.alloc(64), proof: [] })).toBe(false);
  expect(verifyConsistency({ from: 1, fromRoot: Buffer.of(1), to: 1, toRoot: Buffer.of(1), proof: [] })).toBe(false);
});
