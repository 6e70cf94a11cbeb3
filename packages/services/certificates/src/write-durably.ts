import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf, SignwrightError } from '@signwright/signing-core';

/**
 * Writes a file so that it is found whole or as it was before, even after a power cut: beside it, to disk, then renamed over it.
 *
 * @throws SignwrightError `unreachable` where it cannot be written.
 */
export async function replaceFile(path: string, bytes: Uint8Array | string, mode = 0o644): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await writeNew(temporary, bytes, mode);
    await rename(temporary, path);
    await syncDirectory(dirname(path));
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new SignwrightError('unreachable', `cannot be written: ${messageOf(cause)}`, { where: path, cause });
  }
}

/** Writes a file that must not exist yet, to disk. */
export async function writeNew(path: string, bytes: Uint8Array | string, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes names in a directory last. Windows has no such call, nor the need. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  let directory: FileHandle | undefined;
  try {
    directory = await open(path, constants.O_RDONLY);
    await directory.sync();
  } finally {
    await directory?.close();
  }
}
