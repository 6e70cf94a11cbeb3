import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writingError } from './file-error.ts';

export type WriteOptions = {
  /** The new file's permissions before the umask, 0o644 unless told. */
  mode?: number;
};

/** How the names of files that are still being written begin. A killed process may leave one behind. */
export const TEMPORARY_PREFIX = '.signwright-tmp-';

/** What is written: at once, or text piece by piece, so that all of it need not be held. */
export type Content = Uint8Array | string | Iterable<string>;

/**
 * Writes a file so that a reader, a crash or a full disk sees the old bytes or the new ones, never half; durable when it returns.
 * A symbolic link at `path` is replaced, not followed.
 *
 * @throws SignwrightError `unreachable` where the disk is full or may not be written, `configuration` where there is no such
 * directory. What was at `path` is then unharmed.
 */
export async function writeAtomic(path: string, bytes: Content, options: WriteOptions = {}): Promise<void> {
  try {
    const temporary = await writeTemporary(path, bytes, options.mode);
    await moveInto(temporary, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    throw writingError(path, error);
  }
}

/** Writes the bytes, durably, to a new file beside `path`; leaves nothing where it fails. @returns the new file's path. */
export async function writeTemporary(path: string, bytes: Content, mode = 0o644): Promise<string> {
  const temporary = join(dirname(path), `${TEMPORARY_PREFIX}${randomBytes(8).toString('hex')}`);
  const file = await open(temporary, 'wx', mode);
  try {
    await writeAndSync(file, bytes);
  } catch (error) {
    await removeQuietly(temporary);
    throw error;
  }
  return temporary;
}

async function writeAndSync(file: FileHandle, bytes: Content): Promise<void> {
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Renames a temporary file into its place; removes it where that fails. */
export async function moveInto(temporary: string, path: string): Promise<void> {
  try {
    await rename(temporary, path);
  } catch (error) {
    await removeQuietly(temporary);
    throw error;
  }
}

/** Makes the directory's entries durable. Windows has no such call, and needs none. */
export async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Removes a temporary file; the error that led here is the one to report. */
export async function removeQuietly(temporary: string): Promise<void> {
  await unlink(temporary).catch(() => undefined);
}
