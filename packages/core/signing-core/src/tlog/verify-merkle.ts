import { EMPTY_ROOT, HASH_SIZE, halves, nodeHash } from './merkle.ts';

/** A leaf said to be in a tree. `leaf` is its hash. */
export type Inclusion = {
  readonly leaf: Uint8Array;
  readonly index: number;
  readonly size: number;
  readonly root: Uint8Array;
  readonly proof: readonly Uint8Array[];
};

/** A tree said to be the beginning of another. */
export type Consistency = {
  readonly from: number;
  readonly fromRoot: Uint8Array;
  readonly to: number;
  readonly toRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
};

/** Whether an inclusion proof (RFC 6962, 2.1.1) holds. */
export function verifyInclusion({ leaf, index, size, root, proof }: Inclusion): boolean {
  if (!isCount(index) || !isCount(size) || index >= size || ![leaf, root, ...proof].every(isHash)) return false;
  const computed = rootFrom(leaf, index, { from: 0, to: size }, proof);
  return computed !== undefined && sameBytes(computed, root);
}

/** Whether a consistency proof (RFC 6962, 2.1.2) holds. An empty tree begins every tree; its root must be the empty one. */
export function verifyConsistency({ from, fromRoot, to, toRoot, proof }: Consistency): boolean {
  if (!isCount(from) || !isCount(to) || from > to || ![fromRoot, toRoot, ...proof].every(isHash)) return false;
  if (to === 0) return proof.length === 0 && sameBytes(fromRoot, EMPTY_ROOT) && sameBytes(toRoot, EMPTY_ROOT);
  if (from === 0) return proof.length === 0 && sameBytes(fromRoot, EMPTY_ROOT);
  if (from === to) return proof.length === 0 && sameBytes(fromRoot, toRoot);
  const roots = bothRoots(from, { from: 0, to }, proof, fromRoot);
  return roots !== undefined && sameBytes(roots.old, fromRoot) && sameBytes(roots.new, toRoot);
}

type Range = { readonly from: number; readonly to: number };

/** The root that a leaf and its path lead to; `undefined` where the path has another length than the tree's shape asks for. */
function rootFrom(leaf: Uint8Array, index: number, range: Range, proof: readonly Uint8Array[]): Uint8Array | undefined {
  if (range.to - range.from === 1) return proof.length === 0 ? leaf : undefined;
  const sibling = proof.at(-1);
  if (!sibling) return undefined;
  const [left, right] = halves(range);
  const inside = rootFrom(leaf, index, index < left.to ? left : right, proof.slice(0, -1));
  if (!inside) return undefined;
  return index < left.to ? nodeHash(inside, sibling) : nodeHash(sibling, inside);
}

/** The roots of the older and the newer tree that a consistency proof leads to, within one subtree of the newer. */
function bothRoots(
  size: number,
  range: Range,
  proof: readonly Uint8Array[],
  known: Uint8Array | undefined,
): { old: Uint8Array; new: Uint8Array } | undefined {
  if (size === range.to) {
    const whole = known ?? proof[0];
    return whole && proof.length === (known ? 0 : 1) ? { old: whole, new: whole } : undefined;
  }
  const sibling = proof.at(-1);
  if (!sibling) return undefined;
  const [left, right] = halves(range);
  const inLeft = size <= left.to;
  const inside = bothRoots(size, inLeft ? left : right, proof.slice(0, -1), inLeft ? known : undefined);
  if (!inside) return undefined;
  return inLeft
    ? { old: inside.old, new: nodeHash(inside.new, sibling) }
    : { old: nodeHash(sibling, inside.old), new: nodeHash(sibling, inside.new) };
}

function isCount(count: number): boolean {
  return Number.isSafeInteger(count) && count >= 0;
}

function isHash(bytes: Uint8Array): boolean {
  return bytes.length === HASH_SIZE;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
