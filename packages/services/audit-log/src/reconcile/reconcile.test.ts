import { type IntentRecord, type LogRecord, type ResultRecord, sha256, writeRecord } from '@signwright/signing-core';
import { numberedIntent, numberedResult, recordLog, testApproval } from '@signwright/testkit';
import { describe, expect, test } from 'vitest';
import type { KeyUse } from './key-use.ts';
import { type ReconcileOptions, type Reconciliation, reconcile } from './reconcile.ts';
import { reconcileCounter } from './reconcile-counter.ts';

const DAY = Date.parse('2026-05-05T00:00:00Z');
const MINUTE = 60_000;
const at = (minute: number): Date => new Date(DAY + minute * MINUTE);
const KEY = 'the key';

function intent(minute: number, more: Partial<IntentRecord> = {}): IntentRecord {
  const signer = { id: 'release', key: KEY };
  return { ...numberedIntent(Math.abs(Math.round(minute * 10))), time: at(minute).toISOString(), signer, ...more };
}

function result(minute: number, intents: readonly IntentRecord[], more: object = {}): ResultRecord {
  const [{ request, signer, requester }] = intents as [IntentRecord];
  const common = { ...numberedResult(0), request, signer, requester, time: at(minute).toISOString() };
  const named = intents.map((one) => sha256(writeRecord(one)));
  return { ...common, intents: named, signed: at(minute).toISOString(), ...more } as ResultRecord;
}

function failure(minute: number, intents: readonly IntentRecord[]): ResultRecord {
  const {
    signature: _,
    evidence: __,
    signed: ___,
    ...rest
  } = result(minute, intents) as ResultRecord & {
    signature: string;
    evidence: string;
    signed: string;
  };
  return { ...rest, outcome: 'failed', error: { code: 'unreachable', message: 'no answer' } };
}

/** An intent and its result, from one minute to another. */
function signing(from: number, until: number): [IntentRecord, ResultRecord] {
  const one = intent(from);
  return [one, result(until, [one])];
}

const use = (minute: number, more: Partial<KeyUse> = {}): KeyUse => ({
  id: `use ${minute}`,
  at: at(minute).getTime(),
  outcome: 'done',
  ...more,
});

async function compare(
  records: readonly (LogRecord | Uint8Array)[],
  uses: readonly KeyUse[],
  more: Partial<ReconcileOptions> = {},
): Promise<Reconciliation> {
  async function* keyLog(): AsyncGenerator<KeyUse> {
    yield* uses;
  }
  return reconcile({ reader: recordLog(records), keyLog: keyLog(), key: KEY, from: at(0), until: at(600), ...more });
}

describe('what fits', () => {
  test('a use between an intent and its result, and nothing is found', async () => {
    const found = await compare([...signing(10, 12), ...signing(60, 61)], [use(11), use(60.5)]);
    expect(found).toEqual({
      uses: { done: 2, failed: 0, repeated: 0 },
      records: { signed: 2, failed: 0, orphan: 0, unmatched: 0, other: 0 },
      doubtful: 0,
      findings: [],
      omitted: 0,
    });
  });

  test('clocks that are apart by less than the tolerance', async () => {
    const records = signing(10, 12);
    expect((await compare(records, [use(9.1)])).findings).toEqual([]);
    expect((await compare(records, [use(12.9)])).findings).toEqual([]);
    expect((await compare(records, [use(8.9)])).findings).toHaveLength(2);
    expect((await compare(records, [use(8.9)], { toleranceMs: 2 * MINUTE })).findings).toEqual([]);
  });

  test('an event that the key’s log delivered twice counts once', async () => {
    const found = await compare(signing(10, 12), [use(11), use(11)]);
    expect(found).toMatchObject({ uses: { done: 1, repeated: 1 }, findings: [] });
  });

  test('files: as many uses as there are signatures', async () => {
    const { bytes: _, ...files } = intent(10);
    const records = [files, result(12, [files], { signature: undefined, evidence: undefined, signed: undefined, files: 3 })];
    const written = JSON.parse(JSON.stringify(records)) as LogRecord[];
    const uses = [use(10.5), use(11), use(11.5)];
    expect((await compare(written, uses)).findings).toEqual([]);
    expect((await compare(written, uses.slice(1))).findings).toMatchObject([
      { kind: 'record-without-use', count: 1, certain: false },
    ]);
    expect((await compare(written, [...uses, use(11.7)])).findings).toMatchObject([{ kind: 'use-without-record', count: 1 }]);
  });

  test('slices of one attempt: one signature', async () => {
    const slices = [1, 2, 3].map((number) => intent(10, { slice: { number, of: 3 } }));
    expect((await compare([...slices, result(12, slices)], [use(11)])).findings).toEqual([]);
    const orphans = await compare(slices, [use(11), use(11.1)]);
    expect(orphans.records.orphan).toBe(1);
    expect(orphans.findings).toMatchObject([{ kind: 'use-without-record', count: 1 }]);
  });

  test('what people said accounts for no use, though it names the same key', async () => {
    const said = testApproval('yes', { key: KEY, time: at(10).toISOString(), signed: at(11).toISOString() });
    expect(await compare([said, ...signing(30, 31)], [use(30.5)])).toMatchObject({
      records: { signed: 1, failed: 0, orphan: 0, unmatched: 0, other: 0 },
      findings: [],
    });
    expect((await compare([said], [use(11)])).findings).toMatchObject([{ kind: 'use-without-record', count: 1 }]);
  });

  test('other keys and other people’s uses do not matter', async () => {
    const other = { ...intent(30), signer: { id: 'other', key: 'other' } };
    expect((await compare([other, ...signing(10, 12)], [use(11)])).findings).toEqual([]);
  });
});

describe('what does not', () => {
  test('a signature that nobody recorded is found, with who made it', async () => {
    const stolen = use(200, { by: 'arn:aws:iam::1:user/mallory' });
    const { findings } = await compare(signing(10, 12), [use(11), stolen]);
    expect(findings).toEqual([{ kind: 'use-without-record', count: 1, certain: true, uses: [stolen], records: [] }]);
  });

  test('one in the shadow of a recorded one: that there is one is certain, which one is not', async () => {
    const { findings } = await compare(signing(10, 12), [use(11), use(11.2)]);
    expect(findings).toEqual([
      { kind: 'use-without-record', count: 1, certain: false, uses: [use(11), use(11.2)], records: [1] },
    ]);
  });

  test('a result that the key’s log knows nothing of', async () => {
    const { findings } = await compare([...signing(10, 12), ...signing(100, 101)], [use(11)]);
    expect(findings).toEqual([{ kind: 'record-without-use', count: 1, certain: true, uses: [], records: [3] }]);
  });

  test('a call that failed made no signature: it neither needs a record nor stands for one', async () => {
    const found = await compare(signing(10, 12), [use(11, { outcome: 'failed' }), use(300, { outcome: 'failed' })]);
    expect(found.uses).toEqual({ done: 0, failed: 2, repeated: 0 });
    expect(found.findings).toMatchObject([{ kind: 'record-without-use', count: 1 }]);
  });

  test('a window as long as a year accounts for one use near its result, and not for one whenever it pleases', async () => {
    const early = intent(-400_000);
    const { findings } = await compare([early, result(500, [early])], [use(5)]);
    expect(findings.map(({ kind }) => kind)).toEqual(['use-without-record', 'record-without-use']);
  });

  test('more findings than can be listed are counted', async () => {
    const uses = Array.from({ length: 1200 }, (_, minute) => use(minute));
    const found = await compare([], uses, { until: at(2000) });
    expect([found.findings.length, found.omitted]).toEqual([1000, 200]);
  });
});

describe('what may be', () => {
  test('an orphan may account for a use, which is doubtful', async () => {
    const found = await compare([intent(10)], [use(11)]);
    expect(found).toMatchObject({ doubtful: 1, findings: [], records: { orphan: 1 } });
    expect((await compare([intent(10)], [use(11), use(11.5)])).findings).toMatchObject([{ count: 1, certain: false }]);
    expect((await compare([intent(10)], [])).findings).toEqual([]);
  });

  test('so may a failure, whose signature was made and lost', async () => {
    const one = intent(10);
    const found = await compare([one, failure(12, [one])], [use(11)]);
    expect(found).toMatchObject({ doubtful: 1, findings: [], records: { failed: 1, signed: 0 } });
  });

  test('and a result that answers no intent of its own', async () => {
    const found = await compare([result(12, [intent(10)])], [use(11)]);
    expect(found).toMatchObject({ doubtful: 1, findings: [], records: { unmatched: 1 } });
  });

  test('an orphan does not take the use that a result needs', async () => {
    const found = await compare([intent(9), ...signing(10, 12)], [use(11)]);
    expect(found).toMatchObject({ doubtful: 0, findings: [] });
  });

  test('segments that the key sealed account for theirs, without doubt', async () => {
    const others = [{ from: at(11), until: at(12), uses: 2 }];
    const found = await compare(signing(10, 12), [use(11), use(11.4), use(11.6)], { others });
    expect(found).toMatchObject({ doubtful: 0, findings: [], records: { other: 2 } });
    expect((await compare(signing(10, 12), [use(11), use(11.4)], { others })).findings).toEqual([]);
  });
});

describe('the times', () => {
  test('what lies outside is no finding, but accounts for what is inside', async () => {
    const options = { from: at(100), until: at(200) };
    expect((await compare([...signing(10, 12), ...signing(250, 251)], [use(50), use(300)], options)).findings).toEqual([]);
    expect((await compare(signing(98, 102), [use(101)], options)).findings).toEqual([]);
    expect((await compare(signing(98, 102), [use(99)], options)).findings).toEqual([]);
    expect((await compare(signing(198, 202), [], options)).findings).toEqual([]);
  });

  test('a run that ends less than the tolerance before the end lies in the range: its use is missed', async () => {
    const options = { from: at(100), until: at(200) };
    expect((await compare(signing(199, 199.5), [], options)).findings).toMatchObject([{ kind: 'record-without-use', count: 1 }]);
    expect((await compare(signing(100.1, 100.5), [], options)).findings).toMatchObject([{ kind: 'record-without-use' }]);
    expect((await compare(signing(199, 199.5), [use(200.3)], options)).findings).toEqual([]);
  });

  test('must have an order', async () => {
    await expect(compare([], [], { from: at(1), until: at(1) })).rejects.toMatchObject({ code: 'usage' });
    await expect(compare([], [], { from: new Date('x') })).rejects.toMatchObject({ code: 'usage' });
  });
});

test('hostile records: results for other people’s intents, intents twice, junk', async () => {
  const mine = intent(10);
  const foreign = { ...result(12, [mine]), requester: { asserted: {} } };
  const reader = recordLog([mine, mine, foreign, writeRecord(mine), Buffer.from('junk')]);
  async function* keyLog(): AsyncGenerator<KeyUse> {
    yield use(11);
  }
  const found = await reconcile({ reader, keyLog: keyLog(), key: KEY, from: at(0), until: at(600) });
  expect(found.records).toMatchObject({ signed: 0, orphan: 1, unmatched: 1 });
});

describe('a counter', () => {
  const counter = (records: readonly LogRecord[], count: number, more = {}): ReturnType<typeof reconcileCounter> =>
    reconcileCounter({
      reader: recordLog(records),
      key: KEY,
      first: { at: at(0), count: 1000 },
      second: { at: at(600), count: 1000 + count },
      ...more,
    });

  test('fits where it went up by as many signatures as were recorded', async () => {
    expect(await counter([...signing(10, 12), ...signing(60, 61)], 2)).toEqual({
      uses: 2,
      signed: 2,
      atMost: 2,
      unrecorded: 0,
      missing: 0,
    });
  });

  test('tells how many signatures nobody recorded, and how many records the key knows nothing of', async () => {
    expect(await counter(signing(10, 12), 3)).toMatchObject({ unrecorded: 2, missing: 0 });
    expect(await counter(signing(10, 12), 0)).toMatchObject({ unrecorded: 0, missing: 1 });
  });

  test('leaves room for failures, orphans, and what lies at its ends', async () => {
    const records = [intent(100), ...signing(0.5, 1.5), ...signing(10, 12)];
    for (const count of [1, 2, 3]) expect(await counter(records, count)).toMatchObject({ unrecorded: 0, missing: 0 });
    expect(await counter(records, 4)).toMatchObject({ unrecorded: 1 });
    expect(await counter(records, 4, { others: 1 })).toMatchObject({ unrecorded: 0 });
  });

  test('that went back, or readings that are swapped, are refused', async () => {
    await expect(counter([], -1)).rejects.toMatchObject({ code: 'usage', message: /from 1000 to 999/ });
    await expect(counter([], 0, { second: { at: at(-1), count: 1000 } })).rejects.toMatchObject({ code: 'usage' });
  });
});
