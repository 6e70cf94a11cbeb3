import { constants } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf, SignwrightError, sha256 } from '@signwright/signing-core';
import { createIndexWriter, type IndexedRecord, toIndex } from './add-to-index.ts';
import { type IndexState, prepareTables, readState } from './index-tables.ts';
import { type LogReader, readEntries } from './log-entry.ts';
import { type Database, guarded, loadSqlite } from './sqlite.ts';

export type IndexOptions = {
  /** Where the index is kept; made where it is missing. It may be removed at any time: it is built anew from the log. */
  readonly file: string;
  /** The log's name, as its checkpoints have it. */
  readonly origin: string;
  readonly reader: LogReader;
  /**
   * Opens the log again, where another process has indexed more of it than the reader knows. Without it, or where the log is still
   * shorter, it was rolled back.
   */
  readonly reopen?: () => Promise<LogReader>;
  readonly signal?: AbortSignal;
  /** Told how many of the log's records are in the index, while it is built. */
  readonly onProgress?: (indexed: number, size: number) => void;
};

/** An index of a log, up to date with the reader it was opened with. {@link closeIndex} when done. */
export type LogIndex = {
  readonly file: string;
  readonly reader: LogReader;
  /** Records in it, and how many of them this opening added. */
  readonly size: number;
  readonly added: number;
  readonly database: Database;
};

/** Records and bytes that are added in one go, at the most. */
const BATCH = { records: 2_000, bytes: 16 * 1024 * 1024 };

/**
 * Opens a local index of a log, and adds what the log has got since. It may be killed at any moment and goes on where it was;
 * several processes may share the file. It is tied to the log: of another name, shorter than before, or with another record where
 * the index ends, the log is not the one that was indexed.
 *
 * @throws SignwrightError `configuration` where this Node has no SQLite (22.13 has) or the file cannot be used; `verification` where
 * the log was rewritten; `unreachable`; `cancelled`.
 */
export async function openIndex(options: IndexOptions): Promise<LogIndex> {
  const { file, origin } = options;
  const { DatabaseSync } = await loadSqlite();
  await createFile(file);
  const database = guarded(file, () => new DatabaseSync(file));
  try {
    guarded(file, () => prepareTables(database, file, origin));
    const before = guarded(file, () => readState(database));
    const reader = before.size > options.reader.size && options.reopen ? await options.reopen() : options.reader;
    await checkState(before, { file, origin, reader });
    await catchUp(database, { ...options, reader }, before.size);
    const { size } = guarded(file, () => readState(database));
    return { file, reader, size, added: size - before.size, database };
  } catch (error) {
    database.close();
    throw error;
  }
}

export function closeIndex(index: LogIndex): void {
  guarded(index.file, () => index.database.close());
}

async function catchUp(database: Database, { file, reader, signal, onProgress }: IndexOptions, from: number): Promise<void> {
  const writer = guarded(file, () => createIndexWriter(database));
  let batch: IndexedRecord[] = [];
  let bytes = 0;
  const flush = (): void => {
    guarded(file, () => writer.add(batch));
    onProgress?.((batch.at(-1)?.placing.index ?? from - 1) + 1, reader.size);
    batch = [];
    bytes = 0;
  };
  for await (const entry of readEntries(reader, from, reader.size, signal)) {
    batch.push(toIndex(entry));
    bytes += entry.bytes.length;
    if (batch.length >= BATCH.records || bytes >= BATCH.bytes) flush();
  }
  if (batch.length > 0) flush();
}

async function checkState(
  state: IndexState,
  { file, origin, reader }: Pick<IndexOptions, 'file' | 'origin' | 'reader'>,
): Promise<void> {
  if (state.origin !== origin) {
    throw new SignwrightError('configuration', `the index ${file} is of the log ${state.origin}, not of ${origin}`, {
      where: file,
      next: 'keep one index a log: choose another place',
    });
  }
  if (state.size === 0) return;
  if (reader.size < state.size) {
    throw rewritten(file, `the log ${origin} had ${state.size} records when it was indexed, and has ${reader.size} now`);
  }
  for await (const { bytes } of reader.records(state.size - 1, state.size)) {
    if (sha256(bytes) === state.last) return;
  }
  throw rewritten(file, `record ${state.size - 1} of the log ${origin} is another than was indexed`);
}

export function rewritten(file: string, what: string): SignwrightError {
  return new SignwrightError('verification', `${what}: it was rewritten or rolled back`, {
    where: file,
    next: 'check it with "signwright audit verify" and against its witnesses; if it is right, remove the index, which is built anew',
  });
}

/** SQLite would make it readable to all; records name machines and addresses. */
async function createFile(file: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true });
    await (await open(file, constants.O_RDWR | constants.O_CREAT, 0o600)).close();
  } catch (cause) {
    throw new SignwrightError('configuration', `the index ${file} cannot be written: ${messageOf(cause)}`, {
      where: file,
      next: 'choose a place that this user may write to',
      cause,
    });
  }
}
