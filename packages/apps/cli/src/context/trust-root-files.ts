import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { finishReplacing, replaceTogether } from '@signwright/files';
import {
  loadTrustRoot,
  type ReadIfThere,
  SignwrightError,
  signaturePathsOf,
  type TrustRootFiles,
  trustRootPathsOf,
} from '@signwright/signing-core';
import { readIfThere } from './read-if-there.ts';

/** Where editions of a trust root are fetched from, and how. */
export type TrustRootPlace = { readonly from: string; readonly allowPrivate: boolean; readonly signal: AbortSignal };

const MAX_FILE = 4 * 1024 * 1024;
const DEADLINE_MS = 60_000;

/** Reads a trust root and what lies beside it. @throws SignwrightError `configuration` where there is none. */
export async function readTrustRoot(file: string): Promise<TrustRootFiles> {
  return orMissing(await loadTrustRoot(file, readLocal), file);
}

/**
 * Reads a trust root from elsewhere: a URL or a file, or a directory of either, in which it has the name of the one in use.
 *
 * @throws SignwrightError as `fetchFile` does; `usage` for a URL whose companions could not be named.
 */
export async function readTrustRootFrom(place: TrustRootPlace, name: string): Promise<TrustRootFiles> {
  const { from } = place;
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(from)) {
    const url = addressOf(from, name);
    return orMissing(await loadTrustRoot(url, await fetching(place)), url);
  }
  const isDirectory = await stat(from).then(
    (found) => found.isDirectory(),
    () => false,
  );
  return readTrustRoot(isDirectory ? join(from, name) : from);
}

function addressOf(from: string, name: string): string {
  const url = URL.canParse(from) ? new URL(from) : undefined;
  const plain =
    url !== undefined && ['https:', 'http:'].includes(url.protocol) && url.search + url.hash + url.username + url.password === '';
  if (!plain)
    throw new SignwrightError('usage', '--from is no plain https: address', {
      next: 'name the file or its directory, without query, fragment and password: its companions lie beside it',
    });
  return url.pathname.endsWith('.json') ? url.href : `${url.href.replace(/\/$/, '')}/${encodeURIComponent(name)}`;
}

async function fetching({ allowPrivate, signal }: TrustRootPlace): Promise<ReadIfThere> {
  const { fetchFile } = await import('@signwright/transport');
  const until = performance.now() + DEADLINE_MS;
  return (url) =>
    fetchFile({ url, allowPrivate, maxBytes: MAX_FILE, deadlineMs: Math.max(1, until - performance.now()), signal });
}

function readLocal(file: string): Promise<Buffer | undefined> {
  return readIfThere(file, MAX_FILE, 'the file');
}

function orMissing(found: TrustRootFiles | undefined, where: string): TrustRootFiles {
  if (found !== undefined) return found;
  throw new SignwrightError('configuration', `there is no trust root ${where}`, { where, next: 'check where it lies' });
}

/** Puts a trust root in the place of another, with all that lies beside it: after a kill {@link finishInstalling} finishes that. */
export async function installTrustRoot(file: string, { path, files }: TrustRootFiles): Promise<void> {
  const there = trustRootPathsOf(path).map((one) => files.get(one));
  const names = namesOf(file);
  const write = new Map(names.flatMap((name, at) => (there[at] === undefined ? [] : [[name, there[at]] as const])));
  await replaceTogether(journalOf(file), { write, remove: names.filter((name) => !write.has(name)) });
}

/** Finishes an update that was cut off. @returns whether there was one. */
export async function finishInstalling(file: string): Promise<boolean> {
  return finishReplacing(journalOf(file), namesOf(file));
}

/** Writes the signatures of a trust root beside it, and removes what is none of them. */
export async function writeSignatures(file: string, signatures: readonly Uint8Array[]): Promise<void> {
  const names = signaturePathsOf(file).map((path) => basename(path));
  const write = new Map(signatures.map((bytes, at) => [names[at] ?? '', bytes]));
  await replaceTogether(journalOf(file), { write, remove: names.slice(signatures.length) });
}

function namesOf(file: string): readonly string[] {
  return trustRootPathsOf(file).map((path) => basename(path));
}

function journalOf(file: string): string {
  return join(dirname(file), `${basename(file).replace(/\.json$/, '')}.update.json`);
}
