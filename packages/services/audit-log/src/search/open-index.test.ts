import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { largeRecordLog, numberedIntent, numberedResult, type RecordLog, recordAt, recordLog } from '@signwright/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { joinEntries } from './join-results.ts';
import { type LogReader, readEntries } from './log-entry.ts';
import { closeIndex, type IndexOptions, type LogIndex, openIndex } from './open-index.ts';
import { compileQuery, type LogQuery } from './query.ts';
import { search } from './search.ts';
import { loadSqlite } from './sqlite.ts';

const ORIGIN = 'log.example/acme';
let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'signwright-index-'));
});
afterEach(() => {
  for (const index of opened.splice(0)) closeIndex(index);
  rmSync(place, { recursive: true });
});

const opened: LogIndex[] = [];
async function indexOf(reader: LogReader, more: Partial<IndexOptions> = {}): Promise<LogIndex> {
  const index = await openIndex({ file: join(place, 'index.sqlite'), origin: ORIGIN, reader, ...more });
  opened.push(index);
  return index;
}

async function all(index: LogIndex, query: LogQuery): Promise<number[]> {
  return (await search(index, query, { limit: 1000 })).entries.map(({ index: at }) => at);
}

/** The same, without any index: what a search means. */
async function meant(reader: LogReader, query: LogQuery): Promise<number[]> {
  const entries = [];
  for await (const entry of readEntries(reader, 0, reader.size)) entries.push(entry);
  const isMeant = compileQuery(query);
  return joinEntries(entries)
    .filter(isMeant)
    .map(({ index }) => index)
    .sort((a, b) => b - a);
}

describe('the index', () => {
  const part = (log: RecordLog, size: number): LogReader => ({ size, records: (from, to) => log.records(from, to) });

  test('is built where it stopped, and is the same as one built at once', async () => {
    const log = largeRecordLog(900);
    for (const size of [0, 1, 250, 251, 900]) {
      const index = await indexOf(part(log, size));
      expect(index.size).toBe(size);
    }
    const grown = await indexOf(log);
    expect(grown.added).toBe(0);
    const atOnce = await indexOf(log, { file: join(place, 'other.sqlite') });
    for (const query of [{}, { outcome: 'orphan' }, { tier: 'production', outcome: 'signed' }] as const) {
      expect(await all(grown, query)).toEqual(await all(atOnce, query));
    }
  });

  test('reads only what is new', async () => {
    const log = largeRecordLog(500);
    closeIndex(await openIndex({ file: join(place, 'index.sqlite'), origin: ORIGIN, reader: part(log, 400) }));
    const asked: number[][] = [];
    const reader: LogReader = {
      size: 500,
      records(from, to) {
        asked.push([from, to]);
        return log.records(from, to);
      },
    };
    await indexOf(reader);
    expect(asked).toEqual([
      [399, 400],
      [400, 500],
    ]);
  });

  test('refuses a log that is shorter than before, or has another record where it ended', async () => {
    const log = largeRecordLog(300);
    closeIndex(await openIndex({ file: join(place, 'index.sqlite'), origin: ORIGIN, reader: log }));
    const refused = { code: 'verification', message: /rewritten or rolled back/, next: /audit verify/ };
    await expect(indexOf(part(log, 299))).rejects.toMatchObject(refused);
    const other = recordLog([...Array.from({ length: 299 }, (_, at) => recordAt(at)), numberedIntent(777), numberedIntent(778)]);
    await expect(indexOf(other)).rejects.toMatchObject(refused);
  });

  test('finds nothing in a log that was rewritten further back, but says so', async () => {
    const records = Array.from({ length: 50 }, (_, at) => recordAt(at));
    closeIndex(await openIndex({ file: join(place, 'index.sqlite'), origin: ORIGIN, reader: recordLog(records) }));
    records[15] = numberedResult(3);
    const index = await indexOf(recordLog(records));
    await expect(search(index, {})).rejects.toMatchObject({ code: 'verification', message: /record 14 or 15/ });
  });

  test('refuses another log', async () => {
    await indexOf(recordLog([]));
    await expect(indexOf(recordLog([]), { origin: 'other.example' })).rejects.toMatchObject({
      code: 'configuration',
      message: /is of the log log\.example\/acme, not of other\.example/,
    });
  });

  test('refuses a log that leaves out a record', async () => {
    const log = largeRecordLog(10);
    async function* gap(from: number, to: number): ReturnType<LogReader['records']> {
      for await (const one of log.records(from, to)) if (one.index !== 5) yield one;
    }
    for (const reader of [
      { size: 10, records: gap },
      { size: 12, records: (from: number) => log.records(from, 10) },
    ] as LogReader[]) {
      await expect(indexOf(reader)).rejects.toMatchObject({ code: 'verification', message: /does not give its record/ });
    }
  });

  test('is its user’s alone', async () => {
    await indexOf(largeRecordLog(10));
    for (const end of ['', '-wal', '-shm']) expect(statSync(join(place, `index.sqlite${end}`)).mode & 0o777).toBe(0o600);
  });

  test('never writes into somebody else’s database or file', async () => {
    const file = join(place, 'mine.sqlite');
    const mine = new DatabaseSync(file);
    mine.exec('CREATE TABLE precious (a)');
    mine.close();
    const before = readFileSync(file);
    await expect(indexOf(recordLog([]), { file })).rejects.toMatchObject({ code: 'configuration', message: /no index of a log/ });
    expect(readFileSync(file)).toEqual(before);
    const text = join(place, 'notes.txt');
    writeFileSync(text, 'notes '.repeat(1000));
    await expect(indexOf(recordLog([]), { file: text })).rejects.toMatchObject({ code: 'configuration', message: /no database/ });
    expect(readFileSync(text, 'utf8')).toBe('notes '.repeat(1000));
  });

  test('that is damaged, or of another version, is named with what to do', async () => {
    const file = join(place, 'index.sqlite');
    closeIndex(await openIndex({ file, origin: ORIGIN, reader: largeRecordLog(300) }));
    const other = new DatabaseSync(file);
    other.exec('PRAGMA user_version = 99');
    other.close();
    await expect(indexOf(recordLog([]))).rejects.toMatchObject({ code: 'configuration', where: file, next: /remove it/ });
    rmSync(file);
    closeIndex(await openIndex({ file, origin: ORIGIN, reader: largeRecordLog(300) }));
    truncateSync(file, 8192);
    await expect(indexOf(largeRecordLog(400))).rejects.toMatchObject({ code: 'configuration', where: file, next: /remove it/ });
  });

  test('in a place that cannot be written is refused', async () => {
    writeFileSync(join(place, 'file'), '');
    await expect(indexOf(recordLog([]), { file: join(place, 'file', 'index.sqlite') })).rejects.toMatchObject({
      code: 'configuration',
      next: /choose a place/,
    });
  });

  test('stops between records when it is told to, and keeps what it has', async () => {
    const log = largeRecordLog(4500);
    const controller = new AbortController();
    const onProgress = (): void => controller.abort();
    await expect(indexOf(log, { signal: controller.signal, onProgress })).rejects.toMatchObject({ code: 'cancelled' });
    const index = await indexOf(log);
    expect(index.added).toBeLessThan(4500);
    expect(index.added).toBeGreaterThan(0);
  });

  test('two builders at once make one index', async () => {
    const log = largeRecordLog(2500);
    const [one, other] = await Promise.all([indexOf(log), indexOf(log)]);
    expect([one?.size, other?.size]).toEqual([2500, 2500]);
    expect(await all(one, { outcome: 'orphan' })).toEqual(await meant(log, { outcome: 'orphan' }));
  });

  test('that another process took further: the log is opened again before it is called rolled back', async () => {
    const log = largeRecordLog(300);
    await indexOf(log);
    const index = await indexOf(part(log, 200), { reopen: async () => log });
    expect([index.size, index.reader.size]).toEqual([300, 300]);
    await expect(indexOf(part(log, 200), { reopen: async () => part(log, 299) })).rejects.toMatchObject({ code: 'verification' });
  });

  test('needs a Node with SQLite, and says which', async () => {
    const load = async (): Promise<never> => {
      throw Object.assign(new Error('No such built-in module: node:sqlite'), { code: 'ERR_UNKNOWN_BUILTIN_MODULE' });
    };
    await expect(loadSqlite(load)).rejects.toMatchObject({ code: 'configuration', next: /Node 22\.13/ });
  });
});

describe('a builder that is killed', () => {
  const size = 6000;
  test('at any moment leaves an index that the next one completes', async () => {
    const file = join(place, 'index.sqlite');
    const program = `
      const { largeRecordLog } = await import('@signwright/testkit');
      const { openIndex } = await import(${JSON.stringify(new URL('./open-index.ts', import.meta.url).href)});
      console.log('started');
      await openIndex({ file: process.argv[1], origin: ${JSON.stringify(ORIGIN)}, reader: largeRecordLog(${size}) });`;
    for (const delay of [5, 60, 140, 230]) {
      const child = spawn(process.execPath, ['--conditions=source', '--input-type=module', '-e', program, file], {
        cwd: new URL('.', import.meta.url),
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await new Promise((resolve) => child.stdout.once('data', resolve));
      await new Promise((resolve) => setTimeout(resolve, delay));
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('close', resolve));
    }
    const index = await indexOf(largeRecordLog(size));
    expect(index.size).toBe(size);
    expect(await all(index, { outcome: 'orphan' })).toEqual(await meant(largeRecordLog(size), { outcome: 'orphan' }));
  });
});
