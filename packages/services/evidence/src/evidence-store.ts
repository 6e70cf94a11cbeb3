import type { BlobStore, EvidenceStore, Sha256 } from '@signwright/signing-core';
import { hexOf, inParallel, parseSha256, SignwrightError, sha256 } from '@signwright/signing-core';
import { addToShard, readShard, shardKey } from './shard.ts';

/** Bytes of one piece of evidence, at the most. */
const MAX_EVIDENCE = 64 * 1024 * 1024;
const SHARDS_AT_ONCE = 16;

/**
 * Keeps evidence on a blob store: its bytes under its own digest, written once, and an index of 256 shards from subjects to
 * evidence. Evidence is stored before it is listed, so what is listed is there. A `put` that fails half-way may have listed the
 * evidence under some of its subjects; putting it again completes it, and writes only what is missing.
 */
export function createEvidenceStore(blobs: BlobStore): EvidenceStore {
  return {
    async put(evidence: Uint8Array, subjects: readonly Sha256[]): Promise<Sha256> {
      if (evidence.length > MAX_EVIDENCE) throw tooLarge(evidence.length);
      const byShard = groupByShard(subjects);
      const id = sha256(evidence);
      await blobs.putIfAbsent(evidenceKey(id), evidence);
      await inParallel([...byShard], SHARDS_AT_ONCE, ([key, within]) => addToShard(blobs, key, within, id));
      return id;
    },

    async list(subjects: readonly Sha256[]): Promise<ReadonlyMap<Sha256, readonly Sha256[]>> {
      const listed = new Map<Sha256, readonly Sha256[]>();
      await inParallel([...groupByShard(subjects)], SHARDS_AT_ONCE, async ([key, within]) => {
        const shard = await readShard(blobs, key);
        for (const subject of within) {
          const ids = shard.get(subject);
          if (ids !== undefined) listed.set(subject, ids);
        }
      });
      return listed;
    },

    async get(id: Sha256): Promise<Uint8Array> {
      const key = evidenceKey(parseSha256(id));
      const blob = await blobs.get(key);
      if (blob === undefined) throw unusable(key, 'is not there');
      if (blob.bytes.length > MAX_EVIDENCE) throw unusable(key, `came back with more than ${MAX_EVIDENCE} bytes`);
      if (sha256(blob.bytes) !== id) throw unusable(key, 'came back as other bytes than were stored');
      return blob.bytes;
    },
  };
}

function evidenceKey(id: Sha256): string {
  return `evidence/${hexOf(id).slice(0, 2)}/${hexOf(id).slice(2)}`;
}

function groupByShard(subjects: readonly Sha256[]): Map<string, Set<Sha256>> {
  const byShard = new Map<string, Set<Sha256>>();
  for (const subject of subjects) {
    const key = shardKey(parseSha256(subject));
    const within = byShard.get(key);
    if (within === undefined) byShard.set(key, new Set([subject]));
    else within.add(subject);
  }
  return byShard;
}

function tooLarge(length: number): SignwrightError {
  return new SignwrightError('invalid-input', `the evidence has ${length} bytes, more than ${MAX_EVIDENCE}`, {
    next: 'sign fewer artifacts at once',
  });
}

function unusable(key: string, problem: string): SignwrightError {
  return new SignwrightError('unreachable', `the evidence ${key} ${problem}`, {
    where: key,
    next: 'restore the evidence store from a copy, or sign again',
  });
}
