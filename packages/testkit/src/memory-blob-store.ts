import type { Blob, BlobStore, Version } from '@signwright/signing-core';

/** A blob store in memory, for tests: gone with the process, shared with nobody. */
export function createMemoryBlobStore(): BlobStore {
  const blobs = new Map<string, Blob>();
  let written = 0;

  function write(key: string, bytes: Uint8Array): Version {
    const version = String(++written);
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
      return blob === undefined ? undefined : { bytes: Uint8Array.from(blob.bytes), version: blob.version };
    },
  };
}
