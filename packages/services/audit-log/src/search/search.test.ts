import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type LogRecord, sha256, writeRecord } from '@signwright/signing-core';
import { largeRecordLog, numberedIntent, numberedResult, type RecordLog, recordAt, recordLog } from '@signwright/testkit';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { joinEntries } from './join-results.ts';
import { type LogReader, readEntries } from './log-entry.ts';
import { closeIndex, type IndexOptions, type LogIndex, openIndex } from './open-index.ts';
import { compileQuery, type LogQuery } from './query.ts';
import { recordsOf, search } from './search.ts';
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

describe('a search', () => {
  const log = largeRecordLog(400);
  let whole: LogIndex;
  let directory: string;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'signwright-index-'));
    whole = await openIndex({ file: join(directory, 'index.sqlite'), origin: ORIGIN, reader: log });
  });
  afterAll(() => {
    closeIndex(whole);
    rmSync(directory, { recursive: true });
  });
  const key = (numberedIntent(3) as { signer: { key: string } }).signer.key;
  const time = (request: number): Date => new Date(numberedIntent(request).time);

  test.each<[string, LogQuery]>([
    ['everything', {}],
    ['all that a key signed since a time', { key, outcome: 'signed', since: time(100) }],
    ['every refusal of a while', { outcome: 'refused', since: time(100), until: time(300) }],
    ['failures', { outcome: 'failed' }],
    ['orphans', { outcome: 'orphan' }],
    ['one artifact', { artifact: 'dist/team-7/app-7-1.7.0.tgz' }],
    ['artifacts by a pattern', { artifact: 'dist/team-7/*' }],
    ['artifacts by a pattern with literal ends', { artifact: '**/app-1*-1.1*.tgz' }],
    ['no artifact by a pattern', { artifact: 'dist/*' }],
    ['an artifact by its digest', { digest: sha256('artifact 7 0') }],
    ['the bytes that were to be signed', { digest: sha256('bytes 7') }],
    ['a signature', { digest: sha256('signature 7') }],
    ['evidence', { digest: sha256('bundle 7') }],
    ['the record of a result', { digest: sha256(writeRecord(numberedResult(7))) }],
    ['a request', { request: numberedIntent(9).request }],
    ['a person', { requester: 'gitlab:11' }],
    ['what a certificate says of a person', { requester: 'gitlab:11', certified: true }],
    ['a certified repository', { requester: 'https://gitlab.example/acme/app-11', certified: true }],
    ['an issuer by a pattern', { requester: 'https://gitlab.example/**' }],
    ['a job', { pipeline: 'https://gitlab.example/acme/app-12/-/jobs/12' }],
    ['a pipeline by its repository', { pipeline: 'https://gitlab.example/acme/app-12' }],
    ['a pipeline by its repository id', { pipeline: '1012' }],
    ['pipelines by a pattern', { pipeline: 'https://gitlab.example/acme/app-1*' }],
    ['a tier', { tier: 'production' }],
    ['an environment and a signer', { environment: 'production', signer: 'signer-4' }],
    ['a policy', { policy: sha256('policy 0') }],
    ['another policy', { policy: sha256('policy 7') }],
    ['an event', { event: 'refusal' }],
    ['two things that never meet', { environment: 'production', tier: 'internal' }],
    [
      'a person in an environment by a pattern of artifacts',
      { requester: 'gitlab:8', environment: 'production', artifact: '**' },
    ],
  ])('for %s finds just what is meant, the newest first', async (_, query) => {
    expect(await all(whole, query)).toEqual(await meant(log, query));
  });

  test('finds something for each of these, so that the comparison above means something', async () => {
    expect(await all(whole, { key, outcome: 'signed', since: time(100) })).toHaveLength(5);
    expect(await all(whole, { outcome: 'refused' })).toHaveLength(8);
    expect(await all(whole, { outcome: 'orphan' })).toHaveLength(8);
    expect(await all(whole, { outcome: 'failed' })).toHaveLength(4);
    expect(await all(whole, { digest: sha256('signature 7') })).toEqual([14]);
  });

  test('gives an intent with its result, whole', async () => {
    const { entries } = await search(whole, { request: numberedIntent(7).request });
    expect(entries).toMatchObject([
      { index: 14, outcome: 'signed', record: numberedIntent(7), result: { index: 15, record: numberedResult(7) } },
    ]);
  });

  test('goes on where a page ended, and the last page says that it is the last', async () => {
    const expected = await all(whole, { outcome: 'signed' });
    const paged: number[] = [];
    let cursor: string | undefined;
    do {
      const page = await search(whole, { outcome: 'signed' }, { limit: 7, ...(cursor === undefined ? {} : { cursor }) });
      paged.push(...page.entries.map(({ index: at }) => at));
      cursor = page.next;
    } while (cursor !== undefined);
    expect(paged).toEqual(expected);
    expect(await search(whole, { digest: sha256('signature 7') }, { limit: 1 })).not.toHaveProperty('next');
  });

  test.each<[string, LogQuery]>([
    ['two stars in a part', { artifact: 'a**' }],
    ['nothing', { artifact: '' }],
    ['a time that is none', { since: new Date('yesterday') }],
    ['an end before the beginning', { since: time(2), until: time(1) }],
    ['an outcome that is none', { outcome: 'lost' as 'signed' }],
  ])('for %s is refused', async (_, query) => {
    const index = await indexOf(recordLog([]));
    await expect(search(index, query)).rejects.toMatchObject({ code: 'usage' });
  });

  test('with another limit or cursor than there are is refused', async () => {
    const index = await indexOf(recordLog([]));
    for (const page of [{ limit: 0 }, { limit: 1.5 }, { limit: 1001 }, { cursor: '-1' }, { cursor: "1' OR 1" }]) {
      await expect(search(index, {}, page)).rejects.toMatchObject({ code: 'usage' });
    }
  });

  test('finds a certificate by its serial number however it is written, and by its digest', async () => {
    const certificate = { serial: '0aff01', digest: sha256('certificate') };
    const intent = { ...numberedIntent(1), signer: { ...numberedIntent(1).signer, certificate } };
    const index = await indexOf(recordLog([numberedIntent(0), intent]));
    for (const wanted of ['0aff01', 'AFF01', '0A:FF:01', sha256('certificate')]) {
      expect(await all(index, { certificate: wanted })).toEqual([1]);
    }
    expect(await all(index, { certificate: 'ff01' })).toEqual([]);
  });

  test('finds a tier that a record names among others', async () => {
    const artifact = { ...numberedIntent(1).artifacts[0]!, tier: 'internal + critical' };
    const index = await indexOf(recordLog([{ ...numberedIntent(1), artifacts: [artifact] }]));
    expect(await all(index, { tier: 'critical' })).toEqual([0]);
    expect(await all(index, { tier: 'critic' })).toEqual([]);
  });

  test('by time counts any time of the records: also a result, or a timestamp, that came later', async () => {
    const intent = { ...numberedIntent(1), time: '2026-01-01T00:00:00Z' };
    const result = { ...numberedResult(1), intents: [sha256(writeRecord(intent))], time: '2026-01-01T00:00:10Z' };
    const log = recordLog([intent, { ...result, signed: '2026-01-01T00:00:30Z' } as LogRecord]);
    const index = await indexOf(log);
    const since = (seconds: string): Promise<number[]> => all(index, { since: new Date(`2026-01-01T00:00:${seconds}Z`) });
    expect([await since('30'), await since('31')]).toEqual([[0], []]);
    const until = (time: string): Promise<number[]> => all(index, { until: new Date(time) });
    expect([await until('2026-01-01T00:00:00Z'), await until('2026-01-01T00:00:00.001Z')]).toEqual([[], [0]]);
  });
});

describe('results are joined with their intents', () => {
  const intent = numberedIntent(1);
  const result = numberedResult(1);

  test.each<[string, Partial<typeof result>]>([
    ['another request', { request: sha256('another') }],
    ['another signer', { signer: { ...result.signer, id: 'other' } }],
    ['another key', { signer: { ...result.signer, key: 'other' } }],
    ['another certified requester', { requester: { certified: { issuer: 'https://evil.example' }, asserted: {} } }],
    ['a requester that nobody certified', { requester: { asserted: result.requester.asserted } }],
  ])('never one of %s: the intent stays an orphan, the result stands for itself', async (_, other) => {
    const log = recordLog([intent, { ...result, ...other } as LogRecord]);
    const index = await indexOf(log);
    expect(await all(index, { outcome: 'orphan' })).toEqual([0]);
    expect(await all(index, { event: 'result', outcome: 'signed' })).toEqual([1]);
    expect(await all(index, {})).toEqual(await meant(log, {}));
  });

  test('not with an intent that comes later, nor with one that has its result', async () => {
    const second = { ...result, time: '2026-02-02T00:00:00Z' };
    const log = recordLog([second, intent, result, { ...second, time: '2026-02-03T00:00:00Z' }]);
    const index = await indexOf(log);
    expect(
      (await search(index, {})).entries.map(({ index: at, outcome, result: joined }) => [at, outcome, joined?.index]),
    ).toEqual([
      [3, 'signed', undefined],
      [1, 'signed', 2],
      [0, 'signed', undefined],
    ]);
  });

  test('all slices of an attempt with the one result', async () => {
    const slices = [1, 2].map((number) => ({ ...intent, slice: { number, of: 2 } }));
    const log = recordLog([...slices, { ...result, intents: slices.map((slice) => sha256(writeRecord(slice))) }]);
    const index = await indexOf(log);
    expect((await search(index, { outcome: 'signed' })).entries.map((one) => [one.index, one.result?.index])).toEqual([
      [1, 2],
      [0, 2],
    ]);
  });

  test('a record that was appended twice counts once', async () => {
    const log = recordLog([intent, intent, result, result, intent]);
    const index = await indexOf(log);
    expect((await search(index, {})).entries).toMatchObject([{ index: 0, outcome: 'signed', result: { index: 2 } }]);
    expect(await all(index, {})).toEqual(await meant(log, {}));
  });

  test('all records of a request are given in order, result and retries too', async () => {
    const retry = { ...intent, attempt: 2, previous: sha256(writeRecord(intent)), time: '2026-01-02T00:00:00Z' };
    const failed = numberedResult(1, true);
    const log = recordLog([numberedIntent(0), intent, failed, numberedResult(0), retry]);
    expect((await recordsOf(await indexOf(log), intent.request)).map(({ index }) => index)).toEqual([1, 2, 4]);
  });
});

describe('hostile records', () => {
  test('what no version of ours wrote is listed, and found as unknown, whatever the time', async () => {
    const unknown = [
      Buffer.from('not JSON'),
      Buffer.from('{"event":"key-created","type":"https://signwright.dev/record/v2"}'),
      Buffer.from([0xff, 0x00]),
      Buffer.alloc(0),
    ];
    const index = await indexOf(recordLog([...unknown, numberedIntent(1)]));
    expect(await all(index, { event: 'unknown' })).toEqual([3, 2, 1, 0]);
    expect(await all(index, { since: new Date('2099-01-01') })).toEqual([3, 2, 1, 0]);
    expect(await all(index, { digest: sha256('not JSON') })).toEqual([0]);
  });

  test('names with control characters, quotes, NUL and stars are found exactly, and by no pattern', async () => {
    const names = ['a\u0000b', 'a\nb', "a'; DROP TABLE entry; --", 'a*b', '%', 'ünï', '\u202egpj.exe', '['];
    const records = names.map((name, at) => ({
      ...numberedIntent(at),
      artifacts: [{ ...numberedIntent(at).artifacts[0]!, name }],
    }));
    const log = recordLog(records);
    const index = await indexOf(log);
    for (const [at, name] of names.entries()) {
      if (!name.includes('*')) expect(await all(index, { artifact: name })).toEqual([at]);
    }
    expect(await all(index, { artifact: '*' })).toEqual(await meant(log, { artifact: '*' }));
    expect(await all(index, { artifact: '*b' })).toEqual([3]);
  });

  test('claims named like properties of every object', async () => {
    const asserted = JSON.parse('{"constructor": "x", "toString": "y", "repository": "z"}') as { [name: string]: string };
    const index = await indexOf(recordLog([{ ...numberedIntent(1), requester: { asserted } }]));
    expect(await all(index, { requester: 'x' })).toEqual([0]);
    expect(await all(index, { pipeline: 'z' })).toEqual([0]);
    expect(await all(index, { requester: 'x', certified: true })).toEqual([]);
  });

  test('any log and any query: the index finds what is meant', async () => {
    const words = fc.constantFrom('a', 'b', 'a/b', 'b/a', 'a\u0001', '*', '**', 'a*', '**/b', 'a/**');
    const plain = fc.constantFrom('a', 'b', 'a/b', 'b/a', 'a\u0001', 'x');
    const record = fc
      .record({
        request: fc.nat(3),
        at: fc.nat(5),
        kind: fc.constantFrom('intent', 'result', 'refusal', 'junk'),
        name: plain,
        who: plain,
      })
      .map(({ request, at, kind, name, who }): LogRecord | Buffer => {
        const base = {
          ...numberedIntent(request),
          time: `2026-01-01T00:00:0${at}Z`,
          requester: { asserted: { requester: who } },
        };
        const artifacts = [{ ...numberedIntent(0).artifacts[0]!, name }];
        if (kind === 'junk') return Buffer.from(`${name}${at}`);
        if (kind === 'intent') return { ...base, artifacts };
        if (kind === 'refusal') return { ...recordAt(40), artifacts } as LogRecord;
        const intents = [sha256(writeRecord({ ...base, artifacts })), sha256(writeRecord({ ...base, artifacts: [] }))];
        return { ...numberedResult(request, at > 3), requester: base.requester, intents: intents.slice(0, 1 + (at % 2)) };
      });
    const query = fc.record(
      {
        artifact: words,
        requester: words,
        outcome: fc.constantFrom('signed' as const, 'orphan' as const, 'failed' as const),
        event: fc.constantFrom('intent', 'result', 'unknown'),
        since: fc.nat(6).map((at) => new Date(`2026-01-01T00:00:0${at}Z`)),
      },
      { requiredKeys: [] },
    );
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { maxLength: 12 }),
        fc.array(query, { minLength: 1, maxLength: 5 }),
        async (records, queries) => {
          const log = recordLog(records);
          const index = await openIndex({ file: join(place, `${runs++}.sqlite`), origin: ORIGIN, reader: log });
          try {
            for (const one of queries) expect(await all(index, one)).toEqual(await meant(log, one));
          } finally {
            closeIndex(index);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

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
    const log = largeRecordLog(3000);
    const controller = new AbortController();
    const onProgress = (): void => controller.abort();
    await expect(indexOf(log, { signal: controller.signal, onProgress })).rejects.toMatchObject({ code: 'cancelled' });
    const index = await indexOf(log);
    expect(index.added).toBeLessThan(3000);
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
