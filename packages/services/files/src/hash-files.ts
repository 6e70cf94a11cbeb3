import { constants } from 'node:fs';
import { inParallel } from '@signwright/signing-core';
import type { HashedFile, HashOptions } from './hash-file.ts';
import { createBuffers, hashStable } from './hash-file.ts';
import type { FoundFile } from './tree.ts';

export type HashManyOptions = HashOptions & {
  /** Files open at once, 16 unless told. */
  concurrency?: number;
};

/**
 * Hashes the files {@link findFiles} found, several at once, as {@link hashFile} does one. Symbolic links are not followed: a
 * file found through one is opened at the target that was checked.
 *
 * @returns one result a file, in the order of `files`.
 * @throws what hashFile throws, for the first file that fails; nothing runs any more then.
 */
export async function hashFiles(
  files: readonly Pick<FoundFile, 'path' | 'target'>[],
  options: HashManyOptions = {},
): Promise<HashedFile[]> {
  const { concurrency = 16, signal, onProgress } = options;
  const results: HashedFile[] = Array.from({ length: files.length });
  const idle = Array.from({ length: concurrency }, createBuffers);
  const progress = { files: 0, bytes: 0 };
  const onBytes = (count: number): void => {
    progress.bytes += count;
    onProgress?.({ ...progress });
  };
  await inParallel(files, concurrency, async ({ path, target }, index) => {
    const buffers = idle.pop() ?? createBuffers();
    results[index] = await hashStable(path, target ?? path, constants.O_NOFOLLOW, buffers, signal, onBytes);
    idle.push(buffers);
    progress.files += 1;
    onProgress?.({ ...progress });
  });
  return results;
}
