import { dirname } from 'node:path';
import { inParallel, SignwrightError } from '@signwright/signing-core';
import { shown, throwIfCancelled, writingError } from './file-error.ts';
import type { WriteOptions } from './write-atomic.ts';
import { moveInto, removeQuietly, syncDirectory, writeTemporary } from './write-atomic.ts';

export type FileToWrite = WriteOptions & { path: string; bytes: Uint8Array | string };
export type WriteManyOptions = {
  /** Files written at once, 32 unless told: their fsyncs share the disk's work. */
  concurrency?: number;
  signal?: AbortSignal;
};

/**
 * Writes many files as {@link writeAtomic} does one. All bytes are on disk before the first file appears under its name, so a
 * full disk or a stop by the signal leaves none of them; each directory is synced once.
 *
 * @throws what writeAtomic throws, for the first file that fails; `cancelled` by the signal.
 */
export async function writeAtomicAll(files: readonly FileToWrite[], options: WriteManyOptions = {}): Promise<void> {
  const { concurrency = 32, signal } = options;
  refuseTwins(files);
  const temporaries = new Map<string, string>();
  try {
    await inParallel(files, concurrency, async ({ path, bytes, mode }) => {
      throwIfCancelled(signal);
      temporaries.set(path, await naming(path, () => writeTemporary(path, bytes, mode)));
    });
    throwIfCancelled(signal);
    await inParallel([...temporaries], concurrency, async ([path, temporary]) => {
      await naming(path, () => moveInto(temporary, path));
      temporaries.delete(path);
    });
  } finally {
    await inParallel([...temporaries.values()], concurrency, removeQuietly);
  }
  const directories = [...new Set(files.map(({ path }) => dirname(path)))];
  await inParallel(directories, concurrency, (directory) => naming(directory, () => syncDirectory(directory)));
}

function refuseTwins(files: readonly FileToWrite[]): void {
  const paths = new Set<string>();
  for (const { path } of files) {
    if (paths.has(path)) {
      throw new SignwrightError('configuration', `two files would be written to ${shown(path)}`, {
        where: shown(path),
        next: 'give each a path of its own',
      });
    }
    paths.add(path);
  }
}

async function naming<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw writingError(path, error);
  }
}
