import { messageOf, SignwrightError } from '@signwright/signing-core';

export type Sqlite = typeof import('node:sqlite');
export type Database = InstanceType<Sqlite['DatabaseSync']>;

/** Node's own SQLite. @throws SignwrightError `configuration` where this Node has none. */
export async function loadSqlite(load: () => Promise<Sqlite> = quietly): Promise<Sqlite> {
  try {
    return await load();
  } catch (cause) {
    throw new SignwrightError('configuration', `an index needs SQLite, which Node ${process.versions.node} does not have`, {
      next: 'use Node 22.13 or later; "audit list" and "audit show" need no index',
      cause,
    });
  }
}

/** Node warns on stderr that its SQLite is new; what it makes here is an index that can be made anew. */
async function quietly(): Promise<Sqlite> {
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    return await import('node:sqlite');
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** SQLite's primary result codes (sqlite.org/rescode.html) that a user can do something about. */
const KNOWN: { readonly [code: number]: readonly ['configuration' | 'unreachable', problem: string, next: string] } = {
  5: ['unreachable', 'another process has it locked', 'try again when that is done'],
  6: ['unreachable', 'another process has it locked', 'try again when that is done'],
  8: ['configuration', 'it cannot be written', 'give this user write permission, or choose another place'],
  11: ['configuration', 'it is damaged', 'remove it; it is built anew from the log'],
  13: ['unreachable', 'the disk is full', 'free space, then run again'],
  14: ['configuration', 'it cannot be opened', 'choose a place that can be written'],
  26: ['configuration', 'it is no database', 'remove it, or choose another place'],
};

/** Does something with the index, and says what failed with it and what to do. */
export function guarded<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof SignwrightError || !isSqliteError(cause)) throw cause;
    const [code, problem, next] = KNOWN[cause.errcode & 0xff] ?? [
      'unreachable',
      messageOf(cause),
      'check the disk, then run again',
    ];
    throw new SignwrightError(code, `the index ${file} cannot be used: ${problem}`, { where: file, next, cause });
  }
}

function isSqliteError(error: unknown): error is Error & { errcode: number } {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number';
}
