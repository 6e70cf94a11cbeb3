import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FoundCertificate } from '@signwright/certificates';
import { readBounded } from '@signwright/files';
import { inParallel, messageOf, SignwrightError } from '@signwright/signing-core';

/** What was found, and what could not be looked into. */
export type FoundIn = { readonly found: readonly FoundCertificate[]; readonly unread: readonly string[] };

/** Files that are looked into, at the most; how deep; and how large one is. */
const MAX_FILES = 200_000;
const MAX_DEPTH = 32;
const MAX_FILE = 1024 * 1024;
const AT_ONCE = 16;

/** Certificates come with private keys in these, encrypted. */
const SEALED = /\.(p12|pfx|jks|keystore)$/i;

/**
 * Finds the certificates in files: PEM, DER or PKCS#7, by what is in them. Symbolic links are not followed: what they lead to is
 * found where it lies, if it was named.
 *
 * @throws SignwrightError `usage` where a path is missing, or there are more than 200,000 files; `cancelled`.
 */
export async function findInFiles(paths: readonly string[], signal: AbortSignal): Promise<FoundIn> {
  const { certificatesIn, readFacts } = await import('@signwright/certificates');
  const unread: string[] = [];
  const files: string[] = [];
  for (const path of paths) await walk(path, files, unread, signal);
  const found = await inParallel(files, AT_ONCE, async (file): Promise<FoundCertificate[]> => {
    if (signal.aborted) throw new SignwrightError('cancelled', 'stopped while files were looked into');
    if (SEALED.test(file)) {
      unread.push(`${file} is encrypted, or a key store: export its certificates, and import them`);
      return [];
    }
    try {
      const some: FoundCertificate[] = [];
      for (const { der, line } of await certificatesIn(await readBounded(file, MAX_FILE, 'the file'), file)) {
        try {
          const { facts, ...use } = readFacts(der, line === undefined ? file : `${file}:${line}`);
          some.push({ facts, found: 'file', place: file, ...use });
        } catch (error) {
          if (!(error instanceof SignwrightError)) throw error;
          unread.push(messageOf(error));
        }
      }
      return some;
    } catch (error) {
      if (!(error instanceof SignwrightError)) throw error;
      // No certificate is that large; a file that is may have anything in it.
      if (error.code !== 'invalid-input' || !/is larger than/.test(error.message)) unread.push(messageOf(error));
      return [];
    }
  });
  return { found: found.flat(), unread };
}

async function walk(path: string, files: string[], unread: string[], signal: AbortSignal): Promise<void> {
  const stats = await lstat(path).catch((cause: unknown) => {
    throw new SignwrightError('usage', `${path} cannot be looked at: ${messageOf(cause)}`, { where: path, cause });
  });
  if (!stats.isDirectory()) {
    files.push(path);
    return;
  }
  let level = [path];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) {
      unread.push(`${level[0]} is more than ${MAX_DEPTH} directories deep`);
      return;
    }
    const below: string[] = [];
    for (const directory of level) {
      if (signal.aborted) throw new SignwrightError('cancelled', 'stopped while files were looked for');
      for (const entry of await list(directory, unread)) {
        const inside = join(directory, entry.name);
        if (entry.isDirectory()) below.push(inside);
        else if (entry.isFile()) files.push(inside);
      }
      if (files.length > MAX_FILES)
        throw new SignwrightError('usage', `more than ${MAX_FILES} files below ${path}`, {
          where: path,
          next: 'name the directories that hold certificates',
        });
    }
    level = below;
  }
}

async function list(directory: string, unread: string[]): Promise<Dirent[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    unread.push(`${directory}: ${messageOf(error)}`);
    return [];
  }
}
