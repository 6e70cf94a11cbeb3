import { readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Git, GitDirectory } from './run-git.ts';

const MAX_PACKS = 256;
const CALLS = 64;
const TIDY_MS = 60_000;

const UNFINISHED = /^\.?tmp[-_]/;
const DAY = 24 * 60 * 60 * 1000;

/**
 * Each fetch and each commit leaves a pack, and many make reading slow: the function returned puts them together when there are
 * many, which it looks for at its first call and then now and then. What other processes have in the same place is kept; what
 * killed ones never finished goes when it is a day old.
 */
export function createTidy(git: Git, directory: GitDirectory, most: number = MAX_PACKS): () => Promise<void> {
  let calls = 0;
  return async () => {
    if (calls++ % CALLS !== 0) return;
    const packs = join(directory.objects, 'pack');
    const names = await readdir(packs).catch(() => []);
    for (const name of names) if (UNFINISHED.test(name)) await removeOld(join(packs, name));
    if (names.filter((name) => name.endsWith('.pack')).length < most) return;
    const until = performance.now() + TIDY_MS;
    await git.run(directory, ['repack', '-a', '-d', '-k', '--quiet'], { until }).catch(() => undefined);
  };
}

async function removeOld(path: string): Promise<void> {
  const age = await stat(path).catch(() => undefined);
  if (age !== undefined && age.mtimeMs < Date.now() - DAY) await unlink(path).catch(() => undefined);
}
