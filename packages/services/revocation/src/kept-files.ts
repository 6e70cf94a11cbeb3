import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Files of a cache by key, which is 64 hex digits. Nobody need trust what is in them, nor miss what is not: what cannot be read is not
 * there, and what cannot be written is had anew the next time.
 */
export type KeptFiles = {
  read(key: string, maxBytes: number): Promise<Buffer | undefined>;
  /** Replaces it whole: whoever reads meanwhile has the one before. */
  write(key: string, bytes: Uint8Array): Promise<void>;
};

export function keptFiles(directory: string): KeptFiles {
  return {
    async read(key, maxBytes) {
      try {
        // A pipe that somebody put there would have nothing to wait for.
        const file = await open(join(directory, key), constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
        try {
          const found = await file.stat();
          return found.isFile() && found.size <= maxBytes ? await file.readFile() : undefined;
        } finally {
          await file.close();
        }
      } catch {
        return undefined;
      }
    },

    async write(key, bytes) {
      const aside = join(directory, `${key}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`);
      try {
        await mkdir(directory, { recursive: true, mode: 0o700 });
        await writeFile(aside, bytes, { mode: 0o600, flag: 'wx' });
        await rename(aside, join(directory, key));
      } catch {
        await rm(aside, { force: true }).catch(() => undefined);
      }
    },
  };
}
