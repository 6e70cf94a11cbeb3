import { randomUUID } from 'node:crypto';
import type { Blob, BlobStore, Version } from '@signwright/signing-core';

/** A blob store in memory whose blobs somebody with access to it may change, remove and copy, as no port lets them. */
export type EditableBlobStore = BlobStore & {
  keys(): string[];
  /** Puts bytes in the place of a blob, or removes it. */
  edit(key: string, bytes: Uint8Array | undefined): void;
  /** All of it as it is now, to be put back later. */
  copy(): ReadonlyMap<string, Blob>;
  restore(copy: ReadonlyMap<string, Blob>): void;
};

export function createEditableBlobStore(): EditableBlobStore {
  const blobs = new Map<string, Blob>();

  function write(key: string, bytes: Uint8Array): Version {
    const version = randomUUID();
    blobs.set(key, { bytes: Uint8Array.from(bytes), version });
    return version;
  }

  return {
    async putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean> {
      if (blobs.has(key)) return false;
      write(key, bytes);
      return true;
    },
    async compareAndSwap(key: string, expected: Version | undefined, bytes: Uint8Array): Promise<Version | undefined> {
      return blobs.get(key)?.version === expected ? write(key, bytes) : undefined;
    },
    async get(key: string): Promise<Blob | undefined> {
      const blob = blobs.get(key);
      return blob && { bytes: Uint8Array.from(blob.bytes), version: blob.version };
    },
    keys: () => [...blobs.keys()].sort(),
    edit(key, bytes) {
      if (bytes) write(key, bytes);
      else blobs.delete(key);
    },
    copy: () => new Map(blobs),
    restore(copy) {
      blobs.clear();
      for (const [key, blob] of copy) blobs.set(key, blob);
    },
  };
}
