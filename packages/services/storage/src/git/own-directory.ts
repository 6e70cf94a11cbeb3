import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storeError } from '../store-error.ts';

const directories = new Set<string>();

/** Makes a temporary directory (0700) that goes when this process ends. */
export async function makeOwnDirectory(): Promise<string> {
  if (directories.size === 0) process.once('exit', removeAll);
  const directory = await mkdtemp(join(tmpdir(), 'signwright-git-')).catch((error: unknown) => {
    throw storeError(tmpdir(), error);
  });
  directories.add(directory);
  return directory;
}

export async function removeOwnDirectory(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true }).catch(() => undefined);
}

function removeAll(): void {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
}
