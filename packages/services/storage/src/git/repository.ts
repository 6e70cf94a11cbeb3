import { createHash, randomBytes } from 'node:crypto';
import { copyFile, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SignwrightError } from '@signwright/signing-core';
import { codeOf, isMissing, storeError } from '../store-error.ts';
import { makeOwnDirectory, removeOwnDirectory } from './own-directory.ts';
import type { GitReference } from './reference.ts';
import { type Directories, FETCHED, REMOTE } from './remote.ts';
import type { GitDirectory } from './run-git.ts';
import { createSeenHeads, type SeenHeads } from './seen.ts';

/**
 * What this machine has of the branch.
 *
 * Git works in directories of this process alone, so that what a killed process leaves locked locks nobody out. `talk` fetches: it
 * is a partial clone, which may lack blobs. `work` reads, commits and pushes: to it what is missing is missing, so that nothing
 * but fetches ever ask the server for objects. The objects of all are one directory, which processes may share: git adds to it by
 * rename alone.
 */
export type Repository = Directories & { readonly seen: SeenHeads; readonly place: string; readonly cached: boolean };
/** Gets the branch with its newest commit alone. @returns that commit. */
export type FirstFetch = (directories: Directories) => Promise<string | undefined>;
/** A copy made just now; without a head where there is no branch yet. */
export type Made = { readonly head: string | undefined };

const DAY = 24 * 60 * 60 * 1000;

/**
 * Opens the copy in the cache, or makes one: as a whole, so that of several processes one is first, and the others use its copy.
 *
 * @returns what was made just now; where there was a copy, nobody has asked the server yet.
 */
export async function openRepository(
  reference: GitReference,
  cache: string | undefined,
  firstFetch: FirstFetch,
): Promise<{ repository: Repository; made: Made | undefined }> {
  const own = await makeOwnDirectory();
  try {
    const place = cache === undefined ? join(own, 'copy') : await placeIn(resolve(cache), reference);
    const made = (await isDirectory(place)) ? undefined : await make(place, own, reference.url, firstFetch);
    return { repository: { ...(await layOut(place, own, reference.url)), cached: cache !== undefined }, made };
  } catch (error) {
    await removeOwnDirectory(own);
    throw codeOf(error) === '' ? error : storeError(own, error);
  }
}

/** Where the cache keeps this branch, its own directory and nobody else's to write. */
async function placeIn(cache: string, { url, branch }: GitReference): Promise<string> {
  try {
    await mkdir(cache, { recursive: true, mode: 0o700 });
    const { mode, uid } = await stat(cache);
    const foreign = process.getuid !== undefined && uid !== process.getuid();
    if (process.platform !== 'win32' && (foreign || (mode & 0o022) !== 0)) {
      throw new SignwrightError('configuration', `the cache ${cache} is not this user's own, or others may write to it`, {
        where: cache,
        next: `chmod 700 ${cache}, or choose another directory`,
      });
    }
    const name = createHash('sha256').update(`${url}#${branch}`).digest('hex').slice(0, 32);
    await sweep(cache, `${name}.`);
    return join(cache, name);
  } catch (error) {
    throw storeError(cache, error);
  }
}

/** Removes copies that were never finished; nothing that is alive takes a day. */
async function sweep(cache: string, prefix: string): Promise<void> {
  for (const name of await readdir(cache)) {
    if (!name.startsWith(prefix)) continue;
    const age = await stat(join(cache, name)).catch(() => undefined);
    if (age !== undefined && age.mtimeMs < Date.now() - DAY) await rm(join(cache, name), { recursive: true, force: true });
  }
}

async function make(place: string, own: string, url: string, firstFetch: FirstFetch): Promise<Made | undefined> {
  const building = `${place}.${randomBytes(8).toString('hex')}`;
  try {
    await mkdir(join(building, 'objects'), { recursive: true, mode: 0o700 });
    const repository = await layOut(building, own, url);
    const head = await firstFetch(repository);
    if (head !== undefined) await repository.seen.replace([], head);
    await copyIfAny(join(repository.talk.path, 'shallow'), join(building, 'shallow'));
    await rename(building, place);
    return { head };
  } catch (error) {
    await rm(building, { recursive: true, force: true }).catch(() => undefined);
    if (['ENOTEMPTY', 'EEXIST'].includes(codeOf(error))) return undefined;
    throw codeOf(error) === '' ? error : storeError(place, error);
  }
}

/** Lays out this process's directories anew for the objects in a place, by hand: gitrepository-layout(5). */
async function layOut(place: string, own: string, url: string): Promise<Omit<Repository, 'cached'>> {
  const objects = join(place, 'objects');
  const seen = createSeenHeads(join(place, 'seen'));
  const heads = await seen.list();
  const lay = async (name: string, config: string): Promise<GitDirectory> => {
    const path = join(own, name);
    await rm(path, { recursive: true, force: true });
    await mkdir(join(path, 'refs/signwright'), { recursive: true, mode: 0o700 });
    await writeFile(join(path, 'HEAD'), 'ref: refs/heads/none\n');
    await writeFile(join(path, 'config'), config);
    await copyIfAny(join(place, 'shallow'), join(path, 'shallow'));
    return { path, objects };
  };
  const partial = PARTIAL.replace('URL', () => url);
  const plain = '[core]\n\trepositoryformatversion = 0\n\tbare = true\n';
  const [talk, work, whole] = [await lay('talk', partial), await lay('work', plain), await lay('whole', plain)];
  // What is here already, for the server not to send it again.
  for (const [i, head] of heads.entries()) await writeFile(join(talk.path, i === 0 ? FETCHED : `${FETCHED}-${i}`), `${head}\n`);
  const noSingle = join(place, 'no-single');
  return { talk, work, whole, noSingle, seen, place };
}

const PARTIAL = `[core]
	repositoryformatversion = 1
	bare = true
[extensions]
	partialClone = ${REMOTE}
[remote "${REMOTE}"]
	url = "URL"
	promisor = true
	partialclonefilter = blob:none
`;

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (isMissing(error)) return false;
    throw storeError(path, error);
  }
}

async function copyIfAny(from: string, to: string): Promise<void> {
  await copyFile(from, to).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
}
