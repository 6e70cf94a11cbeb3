import { hexOf, type Sha256 } from '@signwright/signing-core';

/** The key of a piece's bytes. */
export function evidenceKey(id: Sha256): string {
  return `evidence/${hexOf(id).slice(0, 2)}/${hexOf(id).slice(2)}`;
}

/** The key of the shard that lists a subject. */
export function indexKey(subject: Sha256): string {
  return `index/${hexOf(subject).slice(0, 2)}`;
}

/** The key of the shard that says how long a piece is kept. */
export function keptKey(id: Sha256): string {
  return `kept/${hexOf(id).slice(0, 2)}`;
}

/** The keys of all shards of the index, or of what is kept. */
export function allShards(of: 'index' | 'kept'): readonly string[] {
  return Array.from({ length: 256 }, (_, byte) => `${of}/${byte.toString(16).padStart(2, '0')}`);
}

/** The two hex digits that all lines of a shard begin with. */
export function prefixOf(shard: string): string {
  return shard.slice(-2);
}

/** Shards, or pieces, that are worked on at once. */
export const AT_ONCE = 16;
