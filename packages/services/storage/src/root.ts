import { randomBytes } from 'node:crypto';
import { lstat, mkdir, open, readdir, realpath, rm } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { createSpares, type Spares } from './spare.ts';
import { damaged, isMissing } from './store-error.ts';

/** The directory a store keeps everything in. */
export type Root = {
  /** Absolute, as the user named it. */
  path: string;
  /** Makes a directory of the store, with its parents, durably. */
  make(directory: string): Promise<void>;
  /** Whether a directory of the store exists; throws where symbolic links lead it out of the store. */
  has(directory: string): Promise<boolean>;
  /** A new name for what is not finished yet, on the same file system as the store. */
  temporary(): Promise<string>;
  readonly spares: Spares;
};

const DAY = 24 * 60 * 60 * 1000;

export function openRoot(directory: string): Root {
  const path = resolve(directory);
  const scratch = join(path, '.tmp');
  const durable = new Set<string>();
  let rooted: string | undefined;
  let swept: Promise<void> | undefined;

  async function has(directory: string): Promise<boolean> {
    try {
      const [root, real] = await Promise.all([rooted ?? realpath(path), realpath(directory)]);
      rooted = root;
      if (real === root || real.startsWith(root + sep)) return true;
      throw damaged(directory, 'a symbolic link leads out of the store');
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  async function make(directory: string): Promise<void> {
    if (durable.has(directory) && (await has(directory))) return;
    const made = await mkdir(directory, { recursive: true, mode: 0o755 });
    await has(directory);
    if (made !== undefined) {
      for (let above = path; above.startsWith(made); above = dirname(above)) await syncDirectory(dirname(above));
    }
    await keep(directory);
  }

  /** Makes the way from the root to the directory durable: whoever made it may not have come so far. */
  async function keep(directory: string): Promise<void> {
    if (directory === path || durable.has(directory)) return;
    await keep(dirname(directory));
    await syncDirectory(dirname(directory));
    durable.add(directory);
  }

  async function temporary(): Promise<string> {
    await make(scratch);
    swept ??= sweep(scratch).catch(() => undefined);
    await swept;
    return join(scratch, randomBytes(8).toString('hex'));
  }

  return { path, make, has, temporary, spares: createSpares() };
}

/** Removes what processes that were killed left behind; nothing that is alive takes a day. */
async function sweep(scratch: string): Promise<void> {
  const before = Date.now() - DAY;
  for (const name of await readdir(scratch)) {
    const path = join(scratch, name);
    const age = await lstat(path).catch(() => undefined);
    if (age !== undefined && age.mtimeMs < before) await rm(path, { recursive: true, force: true });
  }
}

/** Makes the directory's entries durable. Windows has no such call. */
export async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
