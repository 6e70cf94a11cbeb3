import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Blob, Version } from '@signwright/signing-core';
import { readBlobFile, writeDurably } from './blob-file.ts';
import type { Root } from './root.ts';
import { syncDirectory } from './root.ts';
import { codeOf, damaged, isMissing } from './store-error.ts';

/*
 * The directory of a blob that is swapped:
 *
 *   000000000007-5f2c9a1be07d4433        the bytes of each of the newest versions
 *   000000000008-91d0c2ffa6e3b7c4
 *   000000000008-91d0c2ffa6e3b7c4.head   an empty file whose name says which version is current
 *
 * A swap writes the new version's bytes, then renames OLD.head to NEW.head. The system lets exactly one rename of OLD.head
 * succeed, and no name ever comes back, so a writer that was overtaken, however long ago, finds nothing to rename.
 * The first version is a directory of its own that is renamed into place whole: there is never one without a head.
 */
const VERSION = /^\d{12}-[0-9a-f]{16}$/;
const HEAD = '.head';
const READ_TRIES = 50;

/** Makes the blob with its first version, or returns `undefined` where it exists. */
export async function createFirstVersion(root: Root, directory: string, bytes: Uint8Array): Promise<Version | undefined> {
  if (await root.has(directory)) return undefined;
  await root.make(dirname(directory));
  const version = versionAfter(undefined);
  const temporary = await root.temporary();
  try {
    await mkdir(temporary, { mode: 0o755 });
    await writeDurably(join(temporary, version), bytes);
    await writeDurably(join(temporary, version + HEAD), new Uint8Array());
    await syncDirectory(temporary);
    await rename(temporary, directory);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    if (['ENOTEMPTY', 'EEXIST'].includes(codeOf(error))) return undefined;
    throw error;
  }
  await syncDirectory(dirname(directory));
  return version;
}

/** Puts a new version in the place of the expected one, or returns `undefined` where that is not the current one. */
export async function replaceVersion(
  root: Root,
  directory: string,
  expected: Version,
  bytes: Uint8Array,
): Promise<Version | undefined> {
  if (!VERSION.test(expected) || !(await root.has(directory))) return undefined;
  if ((await currentVersion(directory)) !== expected) return undefined;
  const version = versionAfter(expected);
  const written = join(directory, version);
  try {
    await writeDurably(written, bytes);
  } catch (error) {
    await unlink(written).catch(() => undefined);
    throw error;
  }
  if (!(await moveHead(directory, expected, version))) {
    await unlink(written).catch(() => undefined);
    return undefined;
  }
  await syncDirectory(directory);
  await removeOldVersions(directory, version).catch(() => undefined);
  return version;
}

async function moveHead(directory: string, expected: Version, version: Version): Promise<boolean> {
  try {
    await rename(join(directory, expected + HEAD), join(directory, version + HEAD));
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** The current version with its bytes. A reader that is overtaken between the two looks again. */
export async function readCurrentVersion(root: Root, directory: string): Promise<Blob | undefined> {
  if (!(await root.has(directory))) return undefined;
  for (let tries = 0; tries < READ_TRIES; tries++) {
    const version = await currentVersion(directory);
    if (version === undefined) return undefined;
    try {
      return { version, bytes: await readBlobFile(join(directory, version)) };
    } catch (error) {
      if (!isMissing(error)) throw error;
      await wait(tries);
    }
  }
  throw damaged(directory, 'the bytes of the current version are missing');
}

/** A listing that races with a rename may show both names or none, so anything but one head is looked at again. */
async function currentVersion(directory: string): Promise<Version | undefined> {
  let heads: string[] = [];
  for (let tries = 0; tries < READ_TRIES; tries++) {
    const names = await readdir(directory).catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      throw error;
    });
    if (names === undefined) return undefined;
    heads = names.filter((name) => name.endsWith(HEAD)).map((name) => name.slice(0, -HEAD.length));
    if (heads.length === 1 && VERSION.test(heads[0]!)) return heads[0];
    await wait(tries);
  }
  throw damaged(
    directory,
    heads.length > 1
      ? 'it has several current versions, as when two stores are copied over each other'
      : 'it has no current version',
  );
}

/** Keeps the current version and the one before it, which a reader may just be opening. */
async function removeOldVersions(directory: string, current: Version): Promise<void> {
  for (const name of await readdir(directory)) {
    if (VERSION.test(name) && numberOf(name) < numberOf(current) - 1) await unlink(join(directory, name)).catch(() => undefined);
  }
}

function versionAfter(version: Version | undefined): Version {
  const number = version === undefined ? 1 : numberOf(version) + 1;
  return `${String(number).padStart(12, '0')}-${randomBytes(8).toString('hex')}`;
}

function numberOf(version: Version): number {
  return Number(version.slice(0, 12));
}
