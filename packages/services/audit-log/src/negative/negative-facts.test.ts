import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApprovalRecord, type RecordedArtifact, type Sha256, sha256, type VerifierKey } from '@signwright/signing-core';
import {
  createEditableBlobStore,
  type EditableBlobStore,
  type TestWitness,
  testApproval,
  testAuditLog,
  testIntent,
  testWitness,
} from '@signwright/testkit';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AuditLog, openAuditLog } from '../open-audit-log.ts';
import { openLogReader } from '../open-log-reader.ts';
import { readHead, writeHead } from '../order/head.ts';
import { witnessLog } from '../witness/witness-log.ts';
import { type LogFacts, type NegativeFactsOptions, negativeFacts } from './negative-facts.ts';

const { origin, signer, job, keys, open, sealBy } = testAuditLog();
const START = Date.parse('2026-11-22T12:00:00Z');
const [ann, ben, cem] = ['a', 'b', 'c'].map((name) => testWitness(`${name}.witness.example`)) as [
  TestWitness,
  TestWitness,
  TestWitness,
];
const artifact = (name: string): RecordedArtifact => ({
  name,
  digest: sha256(name),
  kind: 'package',
  tier: 'production',
  requirements: sha256('requirements'),
});

let place: string;
let blobs: EditableBlobStore;
let now: number;
const clock = { now: () => new Date(now) };
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'signwright-negative-'));
  blobs = createEditableBlobStore();
  now = START;
});
afterEach(() => rmSync(place, { recursive: true }));

/** Whoever has the log's key orders at once; a job only appends. */
async function opened(by = signer): Promise<AuditLog> {
  const segments = { open, seal: sealBy(by) };
  const log = await openAuditLog({
    blobs,
    keys,
    clock,
    witnesses: [],
    count: 0,
    segments,
    ...(by === signer ? { signer } : {}),
  });
  return {
    ...log,
    async append(records) {
      const receipts = await log.append(records);
      await log.settled();
      return receipts;
    },
  };
}
const said = (what: ApprovalRecord['said'], evidence: string, more: Partial<ApprovalRecord> = {}): Buffer =>
  testApproval(evidence, { said: what, environment: 'production', ...more });
const about = (...names: readonly string[]): Partial<ApprovalRecord> => ({ artifacts: names.map(artifact) });
const evidence = (...names: readonly string[]): Sha256[] => names.map((name) => sha256(`evidence ${name}`)).sort();

/** Asks for artifacts in production. */
function ask(names: readonly string[], more: Partial<NegativeFactsOptions> = {}): Promise<LogFacts> {
  return negativeFacts(
    { digests: names.map((name) => sha256(name)), environment: 'production' },
    {
      blobs,
      keys,
      witnesses: [],
      count: 0,
      open,
      reader: () => openLogReader({ blobs, keys }),
      indexFile: join(place, 'index.sqlite'),
      now: clock.now(),
      ...more,
    },
  );
}
const named = ({ named: found }: LogFacts): object =>
  Object.fromEntries(
    ['app', 'tool', 'lib'].flatMap((name) => (found.has(sha256(name)) ? [[name, found.get(sha256(name))]] : [])),
  );

describe.each([
  ['by an index', () => join(place, 'index.sqlite')],
  [
    'without an index, as none can be kept',
    () => {
      writeFileSync(join(place, 'a file'), '');
      return join(place, 'a file', 'index.sqlite');
    },
  ],
])('what the log says against artifacts, %s', (_, file) => {
  const asked = (names: readonly string[]): Promise<LogFacts> => ask(names, { indexFile: file() });

  test('is each rejection and withdrawal, by the artifact, and nothing that was approved, waived or of others', async () => {
    await (await opened()).append([
      testIntent('app'),
      said('approve', 'yes', about('app')),
      said('reject', 'no', about('app', 'tool')),
      said('withdraw', 'on second thought', about('app')),
      said('waive', 'never mind', { ...about('app'), about: ['window'] }),
      said('reject', 'not that one', about('lib')),
    ]);
    const found = await asked(['app', 'tool', 'other']);
    expect(named(found)).toEqual({ app: evidence('no', 'on second thought'), tool: evidence('no') });
    expect(found.upTo).toEqual({ size: 6 });
  });

  test('is heard of every slice, and whatever environment the record names', async () => {
    const slice = (number: number): Pick<ApprovalRecord, 'slice'> => ({ slice: { number, of: 2 } });
    await (await opened()).append([
      said('reject', 'no', { ...about('app'), ...slice(1) }),
      said('reject', 'no', { ...about('tool'), ...slice(2), environment: 'test' }),
    ]);
    expect(named(await asked(['app', 'tool']))).toEqual({ app: evidence('no'), tool: evidence('no') });
  });

  test('is heard while it waits for its order, and once it is in order', async () => {
    await (await opened()).append([said('reject', 'first', about('app'))]);
    await (await opened(job)).append([said('reject', 'second', about('app')), said('break-glass', 'alarm')]);
    const waiting = await asked(['app']);
    expect([named(waiting), waiting.unreviewed]).toEqual([{ app: evidence('first', 'second') }, evidence('alarm')]);
    expect(waiting.upTo.size).toBe(1);
    await (await opened()).sequence();
    const ordered = await asked(['app']);
    expect([named(ordered), ordered.unreviewed]).toEqual([{ app: evidence('first', 'second') }, evidence('alarm')]);
    expect(ordered.upTo.size).toBe(3);
  });

  test('is that the glass was broken in this environment, until a review names it, wherever that is', async () => {
    const log = await opened();
    await log.append([
      said('break-glass', 'alarm', about('app')),
      said('break-glass', 'elsewhere', { environment: 'test' }),
      said('break-glass', 'again', { about: ['window'] }),
      said('review', 'of another', { about: [sha256('another')] }),
    ]);
    expect((await asked(['app'])).unreviewed).toEqual(evidence('alarm', 'again'));
    await log.append([said('review', 'seen', { about: evidence('alarm'), environment: 'default' })]);
    expect((await asked([])).unreviewed).toEqual(evidence('again'));
    await (await opened(job)).append([said('review', 'seen too', { about: evidence('again') })]);
    expect((await asked([])).unreviewed).toEqual([]);
  });

  test('is nothing where the log has begun and nobody objected', async () => {
    await (await opened()).append([testIntent('app')]);
    expect(await asked(['app'])).toEqual({ named: new Map(), unreviewed: [], upTo: { size: 1 } });
  });
});

test('an index and the whole log say the same, however the records are spread over what is in order and what waits', async () => {
  const names = fc.subarray(['app', 'tool', 'lib']);
  const record = fc
    .record({
      what: fc.constantFrom('approve', 'reject', 'withdraw', 'waive', 'break-glass', 'review'),
      names,
      environment: fc.constantFrom('production', 'test'),
      evidence: fc.nat(5).map(String),
      of: fc.nat(5).map((at) => sha256(`evidence ${at}`)),
    })
    .map(({ what, names: on, environment, evidence: by, of }) => said(what, by, { ...about(...on), environment, about: [of] }));
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(record, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 }),
      fc.nat(4),
      names,
      async (segments, ordered, on) => {
        blobs = createEditableBlobStore();
        const [log, jobs] = [await opened(), await opened(job)];
        await log.append([testIntent('begin')]);
        const indexFile = join(place, `${runs++}.sqlite`);
        for (const [at, records] of segments.entries()) {
          await jobs.append(records);
          if (at < ordered) await log.sequence();
          const byIndex = await ask(on, { indexFile });
          expect(byIndex).toEqual(await ask(on, { indexFile: join(place, 'none', '\0') }));
        }
      },
    ),
    { numRuns: 25 },
  );
});

test('asking again reads of what is in order only what is new, and what was found', async () => {
  const log = await opened();
  await log.append([...Array.from({ length: 300 }, (_, at) => testIntent(`${at}`)), said('reject', 'no', about('app'))]);
  const read: number[] = [];
  const reader = async (): ReturnType<NegativeFactsOptions['reader']> => {
    const inner = await openLogReader({ blobs, keys });
    return {
      ...inner,
      async *records(from, to) {
        for await (const one of inner.records(from, to)) {
          read.push(one.index);
          yield one;
        }
      },
    };
  };
  await ask(['app'], { reader });
  expect(read.length).toBeGreaterThan(300);
  read.length = 0;
  await log.append([testIntent('later')]);
  expect(named(await ask(['app'], { reader }))).toEqual({ app: evidence('no') });
  // The last one that was indexed, the new one, and what the answer rests on.
  expect(read).toEqual([300, 301, 300]);
});

describe('nothing is known', () => {
  test('where a segment that waits cannot be read, until the sequencer has set it aside', async () => {
    await (await opened()).append([testIntent('app')]);
    await (await opened(job)).append([said('reject', 'no', about('app'))]);
    await blobs.putIfAbsent('segments/000000000002', Buffer.from('junk'));
    await expect(ask(['app'])).rejects.toMatchObject({
      code: 'verification',
      message: /segments\/000000000002, which waits for its order, cannot be read: /,
      next: /audit sequence/,
    });
    await (await opened()).sequence();
    expect(named(await ask(['app']))).toEqual({ app: evidence('no') });
  });

  test('where a segment that waits was removed, and later ones are there', async () => {
    await (await opened()).append([testIntent('app')]);
    const jobs = await opened(job);
    await jobs.append([said('reject', 'no', about('app'))]);
    await jobs.append([testIntent('tool')]);
    blobs.edit('segments/000000000001', undefined);
    await expect(ask(['app'])).rejects.toMatchObject({ code: 'verification', message: /000000000001.* is missing/ });
  });

  test('where the head says that what waits is in order', async () => {
    await (await opened()).append([testIntent('app')]);
    await (await opened(job)).append([said('reject', 'no', about('app'))]);
    expect(named(await ask(['app']))).toEqual({ app: evidence('no') });
    const head = await readHead((await blobs.get('head'))!.bytes, keys);
    blobs.edit('head', writeHead({ ...head, next: 2, tail: { ...head.tail, counts: [...head.tail.counts, 0] } }));
    await expect(ask(['app'])).rejects.toMatchObject({ code: 'verification', message: /000000000001 has 0 records; it has 1/ });
  });

  test('where the log is not the one that was indexed', async () => {
    const log = await opened();
    await log.append([testIntent('app')]);
    const before = blobs.copy();
    await log.append([said('reject', 'no', about('app'))]);
    await ask(['app']);
    blobs.restore(before);
    await expect(ask(['app'])).rejects.toMatchObject({ code: 'verification', message: /rewritten or rolled back/ });
    await (await opened()).append([testIntent('another')]);
    await expect(ask(['app'])).rejects.toMatchObject({ code: 'verification', message: /is another than was indexed/ });
  });

  test('where the store cannot be read', async () => {
    await (await opened()).append([testIntent('app')]);
    const down = { ...blobs, get: () => Promise.reject(new TypeError('down')) };
    await expect(ask(['app'], { blobs: down, witnesses: [ann.key] })).rejects.toThrow('down');
  });

  test('of more artifacts than may be asked about at once', async () => {
    const names = Array.from({ length: 10_001 }, (_, at) => `${at}`);
    await expect(ask(names)).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('of when it is', () => {
  const MINUTE = 60_000;
  const witness = async (one: TestWitness, others: readonly VerifierKey[] = []): Promise<void> => {
    const report = await witnessLog({ blobs, keys, ...one, clock, remember: async () => undefined, others });
    expect(report.status).toBe('cosigned');
  };
  const witnessed = (count: number, more: Partial<NegativeFactsOptions> = {}): Promise<LogFacts> =>
    ask(['app'], { witnesses: [ann, ben, cem].map(({ key }) => key), count, ...more });

  test('is what enough witnesses attest, each at its own time and size', async () => {
    const log = await opened();
    await log.append([testIntent('1')]);
    await witness(ann);
    now += MINUTE;
    await log.append([testIntent('2')]);
    await witness(ben);
    now += MINUTE;
    await witness(cem);
    await log.append([testIntent('3')]);
    const times = await Promise.all([1, 2, 3].map(async (count) => (await witnessed(count)).upTo));
    expect(times).toEqual([2, 1, 0].map((minute) => ({ size: 3, attested: new Date(START + minute * MINUTE) })));
    expect((await ask(['app'])).upTo).toEqual({ size: 3 });
  });

  test('is no longer ago than the policy takes, or nothing is known', async () => {
    await (await opened()).append([testIntent('app')]);
    await witness(ann);
    await witness(ben);
    now += 10 * MINUTE;
    expect((await witnessed(2, { maxAge: 600 })).upTo.attested).toEqual(new Date(START));
    now += 1000;
    await expect(witnessed(2, { maxAge: 600 })).rejects.toMatchObject({
      code: 'unreachable',
      message: '2 witnesses cosigned the log last 601 s ago (2026-11-22T12:00:00.000Z); the policy takes 600 s at the most',
      next: /signwright audit witness/,
    });
    await witness(ann);
    expect((await witnessed(1, { maxAge: 600 })).upTo.attested).toEqual(new Date(now));
    await expect(witnessed(2, { maxAge: 600 })).rejects.toMatchObject({ message: /2 witnesses cosigned the log last 601 s ago/ });
    await witness(ben);
    expect((await witnessed(2, { maxAge: 600 })).upTo.attested).toEqual(new Date(now));
    await expect(witnessed(3, { maxAge: 600 })).rejects.toMatchObject({
      message: '3 witnesses must have cosigned the log within 600 s, and so many have not',
    });
  });

  test('is told by a witness once, whatever it is called, and never by the log itself', async () => {
    await (await opened()).append([testIntent('app')]);
    await witness(ann);
    const twin: VerifierKey = { ...ann.key, name: 'twin.example' };
    await expect(witnessed(2, { witnesses: [ann.key, twin], maxAge: 600 })).rejects.toMatchObject({ code: 'unreachable' });
    expect((await witnessed(1, { witnesses: [ann.key, twin], maxAge: 600 })).upTo.attested).toEqual(new Date(START));
    // The log's own key, as a witness that joins the first.
    const itself = testWitness(origin);
    await witness(itself, [ann.key]);
    const both = { witnesses: [ann.key, itself.key], maxAge: 600 };
    await expect(witnessed(2, both)).rejects.toMatchObject({ code: 'unreachable' });
    expect((await witnessed(1, both)).upTo.attested).toEqual(new Date(START));
  });

  test('is nothing where the log does not begin with what a witness saw', async () => {
    const log = await opened();
    await log.append([testIntent('app')]);
    const before = blobs.copy();
    await log.append([said('reject', 'no', about('app'))]);
    await witness(ann);
    const [key] = blobs.keys().filter((one) => one.startsWith('witnesses/'));
    const cosigned = (await blobs.get(key!))!.bytes;
    blobs.restore(before);
    blobs.edit(key!, cosigned);
    await expect(witnessed(1)).rejects.toMatchObject({
      code: 'verification',
      message: /contradicts the log: the log has 1 records, and it had 2/,
    });
    await (await opened()).append([testIntent('another')]);
    await expect(witnessed(1)).rejects.toMatchObject({ code: 'verification', message: /two histories/ });
  });
});
