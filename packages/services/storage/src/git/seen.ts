import { mkdir, readdir, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing, storeError } from '../store-error.ts';

/**
 * The newest commits of the branch that were seen, kept for processes to come: empty files named by commits. Several processes may
 * add theirs at once; each takes away only what it knows its own to come after.
 */
export type SeenHeads = {
  list(): Promise<string[]>;
  /** Remembers a commit in the place of some that it comes after. */
  replace(older: Iterable<string>, head: string): Promise<void>;
};

/** @param directory is made when first written to. */
export function createSeenHeads(directory: string): SeenHeads {
  return {
    async list(): Promise<string[]> {
      const names = await readdir(directory).catch((error: unknown) => {
        if (isMissing(error)) return [];
        throw storeError(directory, error);
      });
      return names.filter((name) => /^[0-9a-f]{40}$/.test(name));
    },
    async replace(older: Iterable<string>, head: string): Promise<void> {
      try {
        await mkdir(directory, { recursive: true, mode: 0o700 });
        await writeFile(join(directory, head), '', { mode: 0o600 });
      } catch (error) {
        throw storeError(directory, error);
      }
      for (const commit of older) {
        if (commit !== head) await unlink(join(directory, commit)).catch(() => undefined);
      }
    },
  };
}
