import { join } from 'node:path';
import type { Blob, BlobStore, Retaining, Version } from '@signwright/signing-core';
import { checkKey, checkSize } from './check-blob.ts';
import { directoryRetaining } from './directory-retaining.ts';
import { openRoot } from './root.ts';
import { storeError } from './store-error.ts';
import { createFirstVersion, readCurrentVersion, replaceVersion } from './versions.ts';
import { readOnce, writeOnce } from './write-once.ts';

/**
 * Keeps blobs in a directory on a local disk (made when first written to), shared by any number of processes without locks:
 * each write takes effect in one link or rename, after its bytes are on disk, so a process may be killed at any moment.
 *
 * A key that is written once is the file `KEY`; one that is swapped is the directory `KEY@` (see versions.ts). Directories are
 * made with mode 0755 and files with 0644, less the umask: evidence is no secret, and auditors read it under their own user.
 * Blobs have 64 MiB at most. What killed processes left behind is ignored, and swept away when a day old.
 *
 * It keeps nobody from deleting files, and says so where a lock is asked for; it removes, and heeds its own holds.
 *
 * The store throws SignwrightError `unreachable`, naming the path and what to do, where the directory is full, read-only,
 * damaged or leads out of itself by symbolic links; `invalid-input` for keys and sizes that no store takes.
 */
export function createDirectoryStore(directory: string): BlobStore & Retaining {
  const root = openRoot(directory);

  async function reporting<T>(key: string, work: (path: string) => Promise<T>): Promise<T> {
    checkKey(key);
    const path = join(root.path, key);
    try {
      return await work(path);
    } catch (error) {
      throw storeError(path, error);
    }
  }

  return {
    ...directoryRetaining(root, reporting),
    putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean> {
      return reporting(key, async (path) => {
        checkSize(key, bytes);
        return writeOnce(root, path, bytes);
      });
    },
    compareAndSwap(key: string, expected: Version | undefined, bytes: Uint8Array): Promise<Version | undefined> {
      return reporting(key, async (path) => {
        checkSize(key, bytes);
        const versions = `${path}@`;
        return expected === undefined
          ? createFirstVersion(root, versions, bytes)
          : replaceVersion(root, versions, expected, bytes);
      });
    },
    get(key: string): Promise<Blob | undefined> {
      return reporting(key, async (path) => (await readOnce(root, path)) ?? (await readCurrentVersion(root, `${path}@`)));
    },
  };
}
