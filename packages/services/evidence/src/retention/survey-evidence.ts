import { type BlobStore, inParallel, type Sha256 } from '@signwright/signing-core';
import { readIndex } from '../index-shard.ts';
import { AT_ONCE, allShards } from '../layout.ts';
import { type Kept, readKept } from './kept-shard.ts';

/** A piece of evidence in a store. */
export type EvidenceEntry = {
  readonly id: Sha256;
  /** How many subjects it is listed under. */
  readonly subjects: number;
  /** When it was last put, to the hour; absent where it was there before such things were recorded. */
  readonly lastPut?: Date;
  /** Until when it is to be kept; absent where nobody asked. */
  readonly retainUntil?: Date;
  /** Names of the legal holds on it. */
  readonly holds: readonly string[];
  /** A run of `pruneEvidence` has marked it. */
  readonly beingRemoved: boolean;
};

/** Everything a store has, by id: what is listed anywhere, and what was put under no subject. */
export async function surveyEvidence({ blobs }: { readonly blobs: BlobStore }): Promise<readonly EvidenceEntry[]> {
  const listed = new Map<Sha256, number>();
  await inParallel(allShards('index'), AT_ONCE, async (key) => {
    for (const { id } of await readIndex(blobs, key)) listed.set(id, (listed.get(id) ?? 0) + 1);
  });
  const kept = new Map<Sha256, Kept>();
  await inParallel(allShards('kept'), AT_ONCE, async (key) => {
    for (const [id, each] of await readKept(blobs, key)) kept.set(id, each);
  });
  const ids = [...new Set([...listed.keys(), ...kept.keys()])].sort();
  return ids.map((id) => entryOf(id, listed.get(id) ?? 0, kept.get(id)));
}

function entryOf(id: Sha256, subjects: number, kept: Kept | undefined): EvidenceEntry {
  return {
    id,
    subjects,
    ...(kept?.lastPut === undefined ? {} : { lastPut: new Date(kept.lastPut) }),
    ...(kept?.until === undefined ? {} : { retainUntil: new Date(kept.until) }),
    holds: kept?.holds ?? [],
    beingRemoved: kept?.removing !== undefined,
  };
}
