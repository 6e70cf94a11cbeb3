import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LogRecord, SAID_BY_PEOPLE, sha256, writeRecord } from '@signwright/signing-core';
import { largeRecordLog, numberedIntent, numberedResult, recordAt, recordLog, testApproval } from '@signwright/testkit';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { joinEntries } from './join-results.ts';
import { type LogReader, readEntries } from './log-entry.ts';
import { closeIndex, type IndexOptions, type LogIndex, openIndex } from './open-index.ts';
import { compileQuery, type LogQuery } from './query.ts';
import { recordsOf, search } from './search.ts';

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

  test('finds by any form of pattern among thousands of names', async () => {
    const artifact = numberedIntent(0).artifacts[0]!;
    const records = Array.from({ length: 28 }, (_, number) => ({
      ...numberedIntent(number),
      artifacts: Array.from({ length: 220 }, (__, at) => ({
        ...artifact,
        name: `d${number % 3}/[x]/?${at}/f-${number}-${at}.tgz`,
      })),
    }));
    const log = recordLog([...records, { ...numberedIntent(99), artifacts: [{ ...artifact, name: 'd0' }] }]);
    const index = await indexOf(log);
    for (const artifact of [
      '**',
      'd1/**',
      '**/f-2-7.tgz',
      '**/f-*-9.tgz',
      'd1/*/?7/*',
      'd*/*/*/f-3-3.tgz',
      'd0/[x]/**/f-*',
      '*',
      '*/*',
      'd?/**',
    ]) {
      expect(await all(index, { artifact })).toEqual(await meant(log, { artifact }));
    }
    expect(await all(index, { artifact: '**/f-*-9.tgz' })).toHaveLength(28);
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
    ['a pattern without end', { artifact: '*a'.repeat(3000) }],
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

  test('finds what people said: by whom, what, with which key, about what, and by its signature and evidence', async () => {
    const [artifact] = numberedIntent(1).artifacts;
    const index = await indexOf(
      recordLog([
        numberedIntent(1),
        testApproval('yes', { artifacts: [artifact!] }),
        testApproval('no', { said: 'reject', person: 'bob', key: sha256('bob'), artifacts: [artifact!] }),
        testApproval('seen', { said: 'review', about: [sha256('evidence of a waiver'), 'window'] }),
      ]),
    );
    expect(await all(index, { event: 'approval' })).toEqual([3, 2, 1]);
    expect(await all(index, { signer: 'ann' })).toEqual([3, 1]);
    expect(await all(index, { said: 'reject' })).toEqual([2]);
    expect(await all(index, { key: sha256('bob') })).toEqual([2]);
    expect(await all(index, { digest: artifact!.digest, event: 'approval' })).toEqual([2, 1]);
    expect(await all(index, { digest: sha256('signature no') })).toEqual([2]);
    expect(await all(index, { digest: sha256('evidence yes') })).toEqual([1]);
    expect(await all(index, { digest: sha256('evidence of a waiver') })).toEqual([3]);
    expect((await search(index, { said: 'reject' })).entries[0]).not.toHaveProperty('outcome');
    await expect(search(index, { said: 'yes' })).rejects.toMatchObject({ code: 'usage', next: /approve, reject/ });
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

  test('what was said of a request is among its records, and does not settle its intent', async () => {
    const { request } = numberedIntent(1);
    const index = await indexOf(recordLog([numberedIntent(1), testApproval('no', { said: 'reject', request })]));
    expect((await recordsOf(index, request)).map(({ record }) => record.event)).toEqual(['intent', 'approval']);
    expect(await all(index, { outcome: 'orphan' })).toEqual([0]);
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
        kind: fc.constantFrom('intent', 'result', 'refusal', 'approval', 'junk'),
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
        if (kind === 'approval') {
          const said = SAID_BY_PEOPLE[at] ?? 'approve';
          return testApproval(name, { said, artifacts, time: base.time, requester: base.requester });
        }
        if (kind === 'refusal') return { ...recordAt(40), artifacts } as LogRecord;
        const intents = [sha256(writeRecord({ ...base, artifacts })), sha256(writeRecord({ ...base, artifacts: [] }))];
        return { ...numberedResult(request, at > 3), requester: base.requester, intents: intents.slice(0, 1 + (at % 2)) };
      });
    const query = fc.record(
      {
        artifact: words,
        requester: words,
        outcome: fc.constantFrom('signed' as const, 'orphan' as const, 'failed' as const),
        event: fc.constantFrom('intent', 'result', 'approval', 'unknown'),
        said: fc.constantFrom(...SAID_BY_PEOPLE),
        digest: plain.map((name) => sha256(`evidence ${name}`)),
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
