import { unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fieldReader, parseStrictJson, type SignwrightError } from '@signwright/signing-core';
import { writingError } from './file-error.ts';
import { readBounded } from './read-bounded.ts';
import { syncDirectory, writeAtomic } from './write-atomic.ts';
import { writeAtomicAll } from './write-atomic-all.ts';

/** Files of one directory, by name: what is written, and what is not to be there afterwards. */
export type Replacement = { readonly write: ReadonlyMap<string, Uint8Array>; readonly remove: readonly string[] };

const MAX_JOURNAL = 128 * 1024 * 1024;

/**
 * Replaces files that belong together. All of it is first written to a journal beside them, so that after a kill or a power cut
 * either nothing has changed or {@link finishReplacing} finishes it.
 *
 * @param journal the journal's path; the files lie in its directory.
 * @throws SignwrightError as {@link writeAtomic} does.
 */
export async function replaceTogether(journal: string, replacement: Replacement): Promise<void> {
  const { write, remove } = replacement;
  const files = Object.fromEntries([...write].map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')]));
  await writeAtomic(journal, JSON.stringify({ version: 1, write: files, remove }));
  await apply(journal, replacement);
}

/**
 * Finishes what {@link replaceTogether} began, where it was cut off.
 *
 * @param names the files a journal may speak of.
 * @returns whether there was something to finish.
 * @throws SignwrightError `invalid-input` for a journal that is none or speaks of other files.
 */
export async function finishReplacing(journal: string, names: readonly string[]): Promise<boolean> {
  let bytes: Buffer;
  try {
    bytes = await readBounded(journal, MAX_JOURNAL, 'the journal');
  } catch (error) {
    if (((error as SignwrightError).cause as { code?: unknown } | undefined)?.code === 'ENOENT') return false;
    throw error;
  }
  await apply(journal, readJournal(bytes, journal, names));
  return true;
}

async function apply(journal: string, { write, remove }: Replacement): Promise<void> {
  const directory = dirname(journal);
  await writeAtomicAll([...write].map(([name, bytes]) => ({ path: join(directory, name), bytes })));
  for (const name of [...remove, basename(journal)]) await removeIfThere(join(directory, name));
  await syncDirectory(directory);
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw writingError(path, error);
  }
}

function readJournal(bytes: Buffer, where: string, names: readonly string[]): Replacement {
  const read = fieldReader(`the journal ${where}`);
  const json = parseStrictJson(bytes, { what: `the journal ${where}`, maxBytes: MAX_JOURNAL });
  const fields = read.object(json, '', ['version', 'write', 'remove']);
  if (fields['version'] !== 1) read.fail('version', 'must be 1');
  const named = (name: string, path: string): string =>
    names.includes(name) ? name : read.fail(path, 'is none of the files it may speak of');
  const write = Object.entries(read.record(fields['write'], 'write')).map(
    ([name, value]) => [named(name, `write.${name}`), read.bytes(value, `write.${name}`)] as const,
  );
  const remove = read
    .list(fields['remove'], 'remove')
    .map((name, at) => named(read.text(name, `remove[${at}]`), `remove[${at}]`));
  return { write: new Map(write), remove };
}
