import { type LogRecord, sha256, writeRecord } from '@signwright/signing-core';
import {
  createMemoryBlobStore,
  numberedIntent,
  numberedResult,
  testApproval,
  testAuditLog,
  testIntent,
  testResult,
} from '@signwright/testkit';
import { describe, expect, test } from 'vitest';
import { openAuditLog } from '../open-audit-log.ts';
import { openLogReader } from '../open-log-reader.ts';
import { scanLog } from './scan-log.ts';

const log = testAuditLog();

/** A log with some records in order, and some that wait for it. */
async function logOf(ordered: readonly Uint8Array[], waiting: readonly Uint8Array[] = [], sealed = log.job) {
  const blobs = createMemoryBlobStore();
  const options = { blobs, keys: log.keys, witnesses: [], count: 0, clock: log.clock };
  const segments = { seal: log.sealBy(log.signer), open: log.open };
  const own = await openAuditLog({ ...options, segments, signer: log.signer });
  if (ordered.length > 0) await own.append(ordered);
  await own.settled();
  const job = await openAuditLog({ ...options, segments: { ...segments, seal: log.sealBy(sealed) } });
  if (waiting.length > 0) await job.append(waiting);
  const scan = async (isMeant: (record: { event: string }) => boolean, times: { since?: number; until?: number } = {}) =>
    scanLog(isMeant, { reader: await openLogReader({ blobs, keys: log.keys }), blobs, open: log.open, ...times });
  return { scan };
}

const ids = (records: readonly Uint8Array[]): string[] => records.map((record) => sha256(record));

describe('a scan of a log', () => {
  test('gives what is meant, each intent with what came of it, and leaves out the rest', async () => {
    const [a, b] = [testIntent('a'), testIntent('b')];
    const approval = testApproval('c');
    const { scan } = await logOf([a, approval, b, testResult('a', [a])]);
    const { entries } = await scan(({ event }) => event !== 'approval');
    expect(entries.map(({ id, outcome, waits }) => [id, outcome, waits])).toEqual([
      [sha256(a), 'signed', undefined],
      [sha256(b), 'orphan', undefined],
    ]);
    expect((await scan(({ event }) => event === 'approval')).entries.map(({ id }) => id)).toEqual(ids([approval]));
  });

  test('has what waits for its order too, also where that answers what is in order', async () => {
    const [a, b] = [testIntent('a'), testIntent('b')];
    const { scan } = await logOf([a], [testResult('a', [a]), b]);
    const { entries, unreadable } = await scan(() => true);
    expect(entries.map(({ id, outcome, waits }) => [id, outcome, waits])).toEqual([
      [sha256(a), 'signed', undefined],
      [sha256(b), 'orphan', true],
    ]);
    expect(unreadable).toEqual([]);
  });

  test('goes on behind a segment that cannot be read, and names it', async () => {
    const { scan } = await logOf([testIntent('a')], [testIntent('b')], testAuditLog('log.example/other').job);
    const { entries, unreadable } = await scan(() => true);
    expect(entries).toHaveLength(1);
    expect(unreadable).toMatchObject([expect.stringMatching(/^\S+ cannot be read: /)]);
  });

  test('takes what has any of its times within, from the first on and before the last', async () => {
    const records: LogRecord[] = [0, 1, 2].flatMap((at) => [numberedIntent(at), numberedResult(at)]);
    const { scan } = await logOf(records.map((record) => writeRecord(record)));
    const all = (await scan(() => true)).entries;
    const [, second] = all.map(({ record }) => Date.parse('time' in record ? record.time : ''));
    const within = async (since?: number, until?: number): Promise<number[]> =>
      (
        await scan(() => true, { ...(since === undefined ? {} : { since }), ...(until === undefined ? {} : { until }) })
      ).entries.map(({ index }) => index);
    const at = second as number;
    expect(all).toHaveLength(3);
    expect(await within(at, at + 1)).toEqual([2]);
    // Its result came four seconds later.
    expect(await within(at + 4000)).toEqual([2, 4]);
    expect(await within(at + 4001)).toEqual([4]);
    expect(await within(undefined, at)).toEqual([0]);
  });
});
