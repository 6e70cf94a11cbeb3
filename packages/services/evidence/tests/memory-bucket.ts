import { type Blob, type BlobStore, type Retaining, SignwrightError, type Version } from '@signwright/signing-core';

/** What a write or removal of a {@link MemoryBucket} is called with, before it takes effect. */
export type Change = { readonly call: 'putIfAbsent' | 'compareAndSwap' | 'remove' | 'hold'; readonly key: string };

/** A bucket in memory that keeps what is locked, for tests. */
export type MemoryBucket = {
  readonly blobs: BlobStore;
  readonly retaining: Required<Retaining>;
  /** Everything in it, as text. */
  contents(): ReadonlyMap<string, string>;
  /** Until when the bucket itself keeps each key. */
  readonly locks: Map<string, number>;
  readonly holds: Set<string>;
  /** Runs around every change; one that throws makes it fail, before or after it took effect. */
  around: (change: Change, take: () => void) => Promise<void>;
};

/** @param now tells the bucket's time. */
export function memoryBucket(now: () => number): MemoryBucket {
  const stored = new Map<string, Blob>();
  const [locks, holds] = [new Map<string, number>(), new Set<string>()];
  let version = 0;
  const write = (key: string, bytes: Uint8Array): Version => {
    stored.set(key, { bytes: Uint8Array.from(bytes), version: String(++version) });
    return String(version);
  };
  const locked = (key: string): boolean => holds.has(key) || (locks.get(key) ?? 0) > now();
  const bucket: MemoryBucket = {
    locks,
    holds,
    around: async (_, take) => take(),
    contents: () => new Map(Array.from(stored, ([key, { bytes }]) => [key, Buffer.from(bytes).toString()])),
    blobs: {
      async putIfAbsent(key: string, bytes: Uint8Array, retainUntil?: Date): Promise<boolean> {
        let wrote = false;
        await bucket.around({ call: 'putIfAbsent', key }, () => {
          wrote = !stored.has(key);
          if (wrote) write(key, bytes);
          if (retainUntil) locks.set(key, Math.max(locks.get(key) ?? 0, retainUntil.getTime()));
        });
        return wrote;
      },
      async compareAndSwap(key: string, expected: Version | undefined, bytes: Uint8Array): Promise<Version | undefined> {
        let written: Version | undefined;
        await bucket.around({ call: 'compareAndSwap', key }, () => {
          if (stored.get(key)?.version === expected) written = write(key, bytes);
        });
        return written;
      },
      async get(key: string): Promise<Blob | undefined> {
        const blob = stored.get(key);
        return blob === undefined ? undefined : { bytes: Uint8Array.from(blob.bytes), version: blob.version };
      },
    },
    retaining: {
      checkLock: async () => undefined,
      held: async (key: string) => locked(key),
      async hold(key: string, held: boolean): Promise<void> {
        await bucket.around({ call: 'hold', key }, () => {
          if (held) holds.add(key);
          else holds.delete(key);
        });
      },
      async remove(key: string): Promise<'removed' | 'held' | 'absent'> {
        if (locked(key)) return 'held';
        let removed = false;
        await bucket.around({ call: 'remove', key }, () => {
          removed = stored.delete(key);
        });
        return removed ? 'removed' : 'absent';
      },
    },
  };
  return bucket;
}

/** Makes one of the changes fail, before or after it took effect. @returns whether it came to that. */
export function failAt(
  bucket: MemoryBucket,
  index: number,
  persisted: boolean,
  of: (change: Change) => boolean = () => true,
): () => boolean {
  let [seen, failed] = [0, false];
  bucket.around = async (change, take) => {
    if (!of(change) || failed || seen++ !== index) return take();
    failed = true;
    if (persisted) take();
    throw new SignwrightError('unreachable', 'the store is down');
  };
  return () => failed;
}
