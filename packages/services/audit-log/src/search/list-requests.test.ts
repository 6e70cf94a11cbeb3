import { type LogRecord, sha256, writeRecord } from '@signwright/signing-core';
import { largeRecordLog, numberedIntent, numberedResult, recordLog } from '@signwright/testkit';
import { describe, expect, test } from 'vitest';
import { findOrphans, listRequests, showRequest } from './list-requests.ts';
import type { LogReader } from './log-entry.ts';

/** A reader that counts the records it gives. */
function counting(log: LogReader): LogReader & { read: () => number } {
  let count = 0;
  return {
    size: log.size,
    read: () => count,
    async *records(from, to) {
      for await (const one of log.records(from, to)) {
        count++;
        yield one;
      }
    },
  };
}

describe('a list', () => {
  test('has the newest requests first, each with its result, and reads little more than it shows', async () => {
    const log = counting(largeRecordLog(100_000));
    const listed = await listRequests(log, { limit: 5 });
    expect(listed.map(({ index, outcome, result }) => [index, outcome, result?.index])).toEqual(
      [99_998, 99_996, 99_994, 99_992, 99_990].map((index) => [index, 'signed', index + 1]),
    );
    expect(log.read()).toBeLessThan(30);
  });

  test('of a small log has all there is', async () => {
    expect(await listRequests(recordLog([]))).toEqual([]);
    const [only] = await listRequests(recordLog([numberedIntent(1)]));
    expect(only).toMatchObject({ index: 0, outcome: 'orphan' });
  });

  test('has a result by itself only where its intent is nowhere', async () => {
    const lone = await listRequests(recordLog([numberedResult(1)]));
    expect(lone).toMatchObject([{ index: 0, outcome: 'signed', record: { event: 'result' } }]);
    const log = recordLog([
      numberedIntent(1),
      ...Array.from({ length: 50 }, (_, at) => numberedIntent(at + 10)),
      numberedResult(1),
    ]);
    expect((await listRequests(log, { limit: 3 })).map(({ index }) => index)).toEqual([50, 49, 48]);
  });

  test('reads back so far and no further, also where nothing but results is there', async () => {
    const results = Array.from({ length: 20_000 }, (_, at) => writeRecord(numberedResult(at % 50, at % 2 === 0)));
    const log = counting(recordLog(results));
    expect(await listRequests(log, { limit: 1000 })).toEqual([]);
    expect(log.read()).toBeLessThan(9_000);
  });

  test('holds no more than so many bytes of large records', async () => {
    const large = Array.from({ length: 1500 }, (_, at) => Buffer.from(`${at} ${'x'.repeat(60_000)}`));
    const log = counting(recordLog(large));
    expect((await listRequests(log, { limit: 1000 })).length).toBeLessThan(1000);
    expect(log.read()).toBeLessThan(900);
  });

  test('of nothing or of too many is refused', async () => {
    for (const limit of [0, 1001, Number.NaN]) {
      await expect(listRequests(recordLog([]), { limit })).rejects.toMatchObject({ code: 'usage' });
    }
  });
});

test('all records of a request are found without an index', async () => {
  const retry = { ...numberedIntent(1), attempt: 2 };
  const log = recordLog([numberedIntent(0), numberedIntent(1), numberedResult(1, true), Buffer.from('junk'), retry]);
  expect((await showRequest(log, numberedIntent(1).request)).map(({ index }) => index)).toEqual([1, 2, 4]);
  expect(await showRequest(log, sha256('nobody asked'))).toEqual([]);
});

describe('orphans', () => {
  async function orphans(log: LogReader, before?: Date): Promise<number[]> {
    const found = [];
    for await (const { index } of findOrphans(log, before === undefined ? {} : { before })) found.push(index);
    return found;
  }

  test('are intents that no result answers, in order', async () => {
    expect(await orphans(largeRecordLog(300))).toEqual([60, 61, 160, 161, 260, 261]);
  });

  test('are not made by a copy of an intent, nor settled by the result of somebody else', async () => {
    const foreign = { ...numberedResult(1), requester: { asserted: {} } } as LogRecord;
    expect(await orphans(recordLog([numberedIntent(0), numberedResult(0), numberedIntent(0)]))).toEqual([]);
    expect(await orphans(recordLog([numberedIntent(1), foreign]))).toEqual([0]);
  });

  test('that may still be under way can be left out', async () => {
    const log = recordLog([numberedIntent(1), numberedIntent(2)]);
    expect(await orphans(log, new Date(numberedIntent(2).time))).toEqual([0]);
  });
});
