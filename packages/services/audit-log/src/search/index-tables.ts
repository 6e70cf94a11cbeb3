import { SignwrightError } from '@signwright/signing-core';
import type { Database } from './sqlite.ts';

/** Marks the file as an index of ours ("SWIX"), of the format that `TABLES` is. */
const APPLICATION = 0x53574958;
export const INDEX_FORMAT = 2;

/*
 * entry    what stands for itself in a list, by its index in the log; outcome as in OUTCOME_CODES; the span of its times
 *          in milliseconds; the index of its result
 * mark     the values by which entries are found exactly
 * word     texts that patterns are held against, names of artifacts apart from all others (wordKindOf), each once;
 *          text, which of them stand in which entry, as what (TEXT_KINDS)
 * seen     the ids of all records (128 bits of them); waiting, the intents without a result
 */
const TABLES = `
CREATE TABLE about (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE entry (at INTEGER PRIMARY KEY, outcome INTEGER NOT NULL, first INTEGER, last INTEGER, result INTEGER);
CREATE TABLE mark (mark INTEGER, at INTEGER, PRIMARY KEY (mark, at)) WITHOUT ROWID;
CREATE TABLE word (id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, mark INTEGER NOT NULL, text TEXT NOT NULL);
CREATE INDEX word_mark ON word (mark);
CREATE TABLE text (kind INTEGER, word INTEGER, at INTEGER, PRIMARY KEY (kind, word, at)) WITHOUT ROWID;
CREATE TABLE seen (id BLOB PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE waiting (at INTEGER PRIMARY KEY, key BLOB NOT NULL);
`;

export const OUTCOME_CODES: { readonly [outcome: string]: number } = { orphan: 1, signed: 2, failed: 3, refused: 4 };

/** Of which log the index is, and how far: its first `size` records, the last of which has the id `last`. */
export type IndexState = { readonly origin: string; readonly size: number; readonly last: string };

/**
 * Prepares a file that was just opened: settings that survive a crash at any moment and bound the memory, and the tables where it
 * is new.
 *
 * @throws SignwrightError `configuration` where the file is something else, or of another format.
 */
export function prepareTables(database: Database, file: string, origin: string): void {
  database.exec(`
    PRAGMA busy_timeout = 10000;
    PRAGMA trusted_schema = OFF;
    PRAGMA cache_size = -32768;
    PRAGMA temp_store = FILE;
    PRAGMA wal_autocheckpoint = 16384;`);
  const application = pragma(database, 'application_id');
  const isNew = application === 0 && pragma(database, 'schema_version') === 0;
  if (!isNew && application !== APPLICATION) throw notOurs(file, 'is no index of a log', 'choose another place');
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
  if (isNew) createTables(database, origin);
  if (pragma(database, 'user_version') !== INDEX_FORMAT) {
    throw notOurs(file, 'was made by another version', 'remove it; it is built anew from the log');
  }
}

/** Two processes may find a new file; one of them makes the tables. */
function createTables(database: Database, origin: string): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    if (pragma(database, 'schema_version') === 0) {
      database.exec(`${TABLES} PRAGMA application_id = ${APPLICATION}; PRAGMA user_version = ${INDEX_FORMAT};`);
      writeState(database, { origin, size: 0, last: '' });
    }
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}

export function readState(database: Database): IndexState {
  const rows = database.prepare('SELECT name, value FROM about').all() as { name: string; value: string | number }[];
  const state = new Map(rows.map(({ name, value }) => [name, value]));
  return { origin: String(state.get('origin')), size: Number(state.get('size')), last: String(state.get('last')) };
}

export function writeState(database: Database, state: IndexState): void {
  const write = database.prepare('INSERT OR REPLACE INTO about (name, value) VALUES (?, ?)');
  for (const [name, value] of Object.entries(state)) write.run(name, value);
}

function pragma(database: Database, name: string): number {
  return Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
}

function notOurs(file: string, why: string, next: string): SignwrightError {
  return new SignwrightError('configuration', `the file ${file} ${why}`, { where: file, next });
}
