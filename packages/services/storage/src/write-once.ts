import { link, lstat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Blob } from '@signwright/signing-core';
import { readBlobFile, writeDurably } from './blob-file.ts';
import type { Root } from './root.ts';
import { syncDirectory } from './root.ts';
import { codeOf, damaged, isMissing } from './store-error.ts';

/** A blob written once has one version. */
const ONLY = 'only';

/** Writes the file unless there is one; link(2) lets exactly one writer be first, with all of its bytes. */
export async function writeOnce(root: Root, path: string, bytes: Uint8Array): Promise<boolean> {
  const directory = dirname(path);
  // Who was just told that a name is taken seeks a free one: the directory is there, and what others put there is nothing to it.
  const seeking = root.spares.sought(bytes, directory);
  if (!seeking) await root.make(directory);
  const written = !(await exists(path)) && (await linkNew(root, path, bytes));
  // Also where another was first with the same bytes: it may not have come to this, and whoever put them takes them as kept.
  if (written || (!seeking && (await holds(path, bytes)))) await syncDirectory(directory);
  else root.spares.seek(bytes, directory);
  return written;
}

/** Whether the file has these bytes. */
async function holds(path: string, bytes: Uint8Array): Promise<boolean> {
  const { size } = await lstat(path);
  return size === bytes.length && Buffer.compare(await readBlobFile(path), bytes) === 0;
}

export async function readOnce(root: Root, path: string): Promise<Blob | undefined> {
  if (!(await root.has(dirname(path)))) return undefined;
  try {
    return { bytes: await readBlobFile(path), version: ONLY };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function linkNew(root: Root, path: string, bytes: Uint8Array): Promise<boolean> {
  const spare = root.spares.take(bytes);
  const temporary = spare ?? (await root.temporary());
  let lost = false;
  try {
    if (spare === undefined) await writeDurably(temporary, bytes);
    await link(temporary, path);
    return true;
  } catch (error) {
    lost = codeOf(error) === 'EEXIST';
    if (lost) return false;
    throw error;
  } finally {
    if (lost) root.spares.keep(bytes, temporary);
    else await unlink(temporary).catch(() => undefined);
  }
}

/** Whether there is a file. Throws where there is something else. */
export async function exists(path: string): Promise<boolean> {
  try {
    if ((await lstat(path)).isFile()) return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
  throw damaged(path, 'not a regular file');
}
