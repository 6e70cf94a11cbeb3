import { randomBytes } from 'node:crypto';
import { open, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf, SignwrightError } from '@signwright/signing-core';
import { type Archive, type ExportOptions, exportArchive } from './export-archive.ts';

/**
 * Writes an archive to a file, which is there whole or not at all; durable when it returns. What was at `path` is replaced.
 *
 * @throws as `exportArchive`; SignwrightError `unreachable` where the file cannot be written.
 */
export async function writeArchive(path: string, options: ExportOptions): Promise<Omit<Archive, 'content'>> {
  const { content, ...archive } = await exportArchive(options);
  const temporary = join(dirname(path), `.signwright-tmp-${randomBytes(8).toString('hex')}`);
  try {
    await writeNew(temporary, content);
    await rename(temporary, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error instanceof SignwrightError ? error : notWritten(path, error);
  }
  return archive;
}

async function writeNew(path: string, content: AsyncIterable<Uint8Array>): Promise<void> {
  const file = await open(path, 'wx', 0o644);
  try {
    for await (const bytes of content) await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes the new name durable. Windows has no such call, and needs none. */
async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function notWritten(path: string, error: unknown): SignwrightError {
  return new SignwrightError('unreachable', `the archive ${path} cannot be written: ${messageOf(error)}`, {
    where: path,
    next: 'choose a directory that exists, can be written and has room',
    cause: error,
  });
}
