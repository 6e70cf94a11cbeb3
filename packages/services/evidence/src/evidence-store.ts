import {
  type BlobStore,
  type Clock,
  type EvidenceBatches,
  type EvidenceItem,
  type EvidenceStore,
  inParallel,
  parseSha256,
  type Sha256,
  type Transactions,
} from '@signwright/signing-core';
import { readEvidence } from './get-evidence.ts';
import { groupBy } from './group-by.ts';
import { readIndex } from './index-shard.ts';
import { AT_ONCE, indexKey } from './layout.ts';
import { putEvidence } from './put-evidence.ts';
import { systemClock } from './system-clock.ts';

export type EvidenceStoreOptions = {
  /** Where the blobs are of a store whose writes take effect together (a git branch): one `put`, or `putAll`, is then one push. */
  readonly transactions?: Transactions;
  /** The system's, unless told. It says when evidence was last put, and no more. */
  readonly clock?: Clock;
};

/**
 * Keeps evidence on a blob store: its bytes under its own digest, written once; an index of 256 shards from subjects to evidence; and
 * as many shards of how long each piece is kept. Evidence is stored before it is listed, so what is listed is there. A `put` that fails
 * half-way may have listed the evidence under some of its subjects; putting it again completes it, and writes only what is missing.
 *
 * `retainUntil` is written down beside the evidence, and passed on to the blobs: whether they keep anyone from removing it before,
 * `retentionEnforcement` tells.
 */
export function createEvidenceStore(blobs: BlobStore, options: EvidenceStoreOptions = {}): EvidenceStore & EvidenceBatches {
  const { transactions, clock = systemClock } = options;
  const putAll = (items: readonly EvidenceItem[]): Promise<readonly Sha256[]> =>
    transactions === undefined
      ? putEvidence(blobs, items, clock)
      : transactions.transact((view) => putEvidence(view, items, clock));
  return {
    putAll,

    async put(evidence: Uint8Array, subjects: readonly Sha256[], retainUntil?: Date): Promise<Sha256> {
      const [id] = await putAll([{ evidence, subjects, ...(retainUntil === undefined ? {} : { retainUntil }) }]);
      return id as Sha256;
    },

    async list(subjects: readonly Sha256[]): Promise<ReadonlyMap<Sha256, readonly Sha256[]>> {
      const wanted = new Set(subjects.map(parseSha256));
      const listed = new Map<Sha256, Sha256[]>();
      await inParallel([...groupBy([...wanted], indexKey).keys()], AT_ONCE, async (key) => {
        for (const { subject, id } of await readIndex(blobs, key)) {
          if (!wanted.has(subject)) continue;
          const ids = listed.get(subject);
          if (ids === undefined) listed.set(subject, [id]);
          else ids.push(id);
        }
      });
      return listed;
    },

    async get(id: Sha256): Promise<Uint8Array> {
      return readEvidence(blobs, parseSha256(id));
    },
  };
}
