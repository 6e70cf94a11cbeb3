import { rename, rm, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Retaining, SignwrightError } from '@signwright/signing-core';
import { type Root, syncDirectory } from './root.ts';
import { isMissing } from './store-error.ts';
import { exists, writeOnce } from './write-once.ts';

/** Runs work on the path of a checked key, with the store's errors. */
type At = <T>(key: string, work: (path: string) => Promise<T>) => Promise<T>;

/**
 * What a directory can do for retention: remove, and remember holds (an empty file `.holds/KEY@` each), which this program heeds.
 * Anyone else who may write there deletes what they like.
 */
export function directoryRetaining(root: Root, at: At): Required<Retaining> {
  const marker = (key: string): string => join(root.path, '.holds', `${key}@`);
  const isHeld = async (key: string): Promise<boolean> => (await root.has(dirname(marker(key)))) && exists(marker(key));
  return {
    async checkLock(): Promise<void> {
      throw new SignwrightError(
        'configuration',
        `the directory ${root.path} cannot keep anyone from deleting what is in it before its time`,
        { where: root.path, next: 'use a bucket with Object Lock (s3://bucket/prefix), or do not ask for a lock' },
      );
    },
    hold(key: string, held: boolean): Promise<void> {
      return at(key, async () => {
        if (held) await writeOnce(root, marker(key), new Uint8Array());
        else await removeFile(root, marker(key));
      });
    },
    held(key: string): Promise<boolean> {
      return at(key, () => isHeld(key));
    },
    remove(key: string): Promise<'removed' | 'held' | 'absent'> {
      return at(key, async (path) => {
        if (await isHeld(key)) return 'held';
        const [once, swapped] = [await removeFile(root, path), await removeVersions(root, `${path}@`)];
        return once || swapped ? 'removed' : 'absent';
      });
    },
  };
}

async function removeFile(root: Root, path: string): Promise<boolean> {
  if (!(await root.has(dirname(path))) || !(await exists(path))) return false;
  return removing(path, () => unlink(path));
}

/** A blob that is swapped goes as a whole: half of its directory would be a damaged one. */
async function removeVersions(root: Root, directory: string): Promise<boolean> {
  if (!(await root.has(directory))) return false;
  const temporary = await root.temporary();
  const removed = await removing(directory, () => rename(directory, temporary));
  await rm(temporary, { recursive: true, force: true });
  return removed;
}

async function removing(path: string, remove: () => Promise<void>): Promise<boolean> {
  try {
    await remove();
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
  await syncDirectory(dirname(path));
  return true;
}
