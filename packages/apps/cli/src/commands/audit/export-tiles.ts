import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { OpenLogReader } from '@signwright/audit-log';
import { type FileToWrite, readBounded, writeAtomic, writeAtomicAll } from '@signwright/files';
import {
  encodeEntries,
  entriesPath,
  messageOf,
  openCheckpoint,
  SignwrightError,
  TILE_WIDTH,
  tilePath,
  treeRoot,
  type VerifierKey,
} from '@signwright/signing-core';
import { logKeysOf } from '../../context/open-log.ts';
import type { PolicyOptions } from '../../context/open-policy.ts';
import { readLog } from '../../context/read-log.ts';
import type { Run } from '../../context/run.ts';
import { EXIT } from '../../exit.ts';
import { printLines } from '../../print-lines.ts';

const MAX_CHECKPOINT = 64 * 1024;
const MAX_ENTRIES = TILE_WIDTH * 65_538;
/** Files and bytes that are written at once. */
const BATCH = { files: 64, bytes: 16 * 1024 * 1024 };

/**
 * `signwright audit export-tiles DIRECTORY`: the log as plain files, as C2SP tlog-tiles has them, wherever it is kept: any web server
 * serves them, and anybody's tools read them. The checkpoint is written last, so the directory is a whole log at any moment; a later
 * export adds what the log has got since, after holding what was exported before against the log.
 */
export async function auditExportTiles(directory: string, options: PolicyOptions, { signal }: Run): Promise<number> {
  const log = await readLog(options);
  const reader = await log.reader();
  if (!reader.note) {
    throw new SignwrightError('usage', 'the log has ordered nothing yet', { next: 'run "signwright audit sequence"' });
  }
  const before = await exportedBefore(join(directory, 'checkpoint'), logKeysOf(log.audit), reader);
  await writeNew(directory, filesOf(reader, before), signal);
  await writeAtomic(join(directory, 'checkpoint'), reader.note);
  printLines([`exported ${reader.size} records of ${log.origin}, ${reader.size - before} of them new, to ${directory}`]);
  return EXIT.allow;
}

/** How many records were exported before. What was said of them then, the log must still say. */
async function exportedBefore(path: string, keys: readonly VerifierKey[], reader: OpenLogReader): Promise<number> {
  const bytes = await readIf(path, MAX_CHECKPOINT, 'the exported checkpoint');
  if (bytes === undefined) return 0;
  const { size, root } = openCheckpoint(bytes, keys, path);
  const next = 'find out with "signwright audit verify", and keep the directory: it is evidence';
  if (size > reader.size) {
    const message = `the log had ${size} records when it was exported, and has ${reader.size} now: it was rolled back`;
    throw new SignwrightError('verification', message, { where: path, next });
  }
  if ((await treeRoot(size, reader.hashes)).equals(root)) return size;
  const message = `the first ${size} records of the log are others than were exported: it was rewritten`;
  throw new SignwrightError('verification', message, { where: path, next });
}

/** Every file that a log with so many records before needs more, by its path: entries, then the tiles of each level. */
async function* filesOf(reader: OpenLogReader, before: number): AsyncGenerator<{ path: string; bytes: Buffer }> {
  const first = Math.floor(before / TILE_WIDTH);
  let records: Uint8Array[] = [];
  for await (const { index, bytes } of reader.records(first * TILE_WIDTH, reader.size)) {
    records.push(bytes);
    if (records.length < TILE_WIDTH && index < reader.size - 1) continue;
    yield { path: entriesPath(Math.floor(index / TILE_WIDTH), records.length), bytes: encodeEntries(records) };
    records = [];
  }
  for (let level = 0; ; level++) {
    const count = Math.floor(reader.size / TILE_WIDTH ** level);
    if (count === 0) return;
    for (let index = Math.floor(before / TILE_WIDTH ** (level + 1)); index * TILE_WIDTH < count; index++) {
      const width = Math.min(TILE_WIDTH, count - index * TILE_WIDTH);
      const places = Array.from({ length: width }, (_, i) => index * TILE_WIDTH + i);
      const hashes = await Promise.all(places.map((place) => reader.hashes(8 * level, place)));
      yield { path: tilePath(level, index, width), bytes: Buffer.concat(hashes) };
    }
  }
}

/** Writes files that are not there yet. They never change, so other bytes in the place of one are somebody else's. */
async function writeNew(
  directory: string,
  files: AsyncIterable<{ path: string; bytes: Buffer }>,
  signal: AbortSignal,
): Promise<void> {
  let [batch, bytes]: [FileToWrite[], number] = [[], 0];
  const flush = async (): Promise<void> => {
    await writeAtomicAll(batch, { signal });
    [batch, bytes] = [[], 0];
  };
  for await (const file of files) {
    const path = join(directory, file.path);
    const found = await readIf(path, MAX_ENTRIES, 'the exported tile');
    if (found?.equals(file.bytes)) continue;
    if (found !== undefined) {
      throw new SignwrightError('configuration', `${path} has other bytes than the log`, {
        where: path,
        next: 'export to a directory of its own; if this is one, it was changed: remove it and export again',
      });
    }
    await makeDirectory(dirname(path));
    batch.push({ path, bytes: file.bytes });
    bytes += file.bytes.length;
    if (batch.length >= BATCH.files || bytes >= BATCH.bytes) await flush();
  }
  await flush();
}

async function readIf(path: string, maxBytes: number, what: string): Promise<Buffer | undefined> {
  try {
    return await readBounded(path, maxBytes, what);
  } catch (error) {
    if (error instanceof SignwrightError && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT')
      return undefined;
    throw error;
  }
}

async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
  } catch (cause) {
    throw new SignwrightError('configuration', `the directory ${directory} cannot be made: ${messageOf(cause)}`, {
      where: directory,
      next: 'choose a place that this user may write to',
      cause,
    });
  }
}
