import { type Clock, type Sha256, SignwrightError, sha256 } from '@signwright/signing-core';
import { beforeEach, describe, expect, test } from 'vitest';
import { failAt, type MemoryBucket, memoryBucket } from '../../tests/memory-bucket.ts';
import { memoryTransactions } from '../../tests/memory-transactions.ts';
import { createEvidenceStore } from '../evidence-store.ts';
import { holdEvidence, liftHold, listHolds } from './hold-evidence.ts';
import { type Pruned, pruneEvidence } from './prune-evidence.ts';

const DAY = 24 * 60 * 60 * 1000;
const START = Date.parse('2026-01-01T00:00:00Z');
const bytes = (text: string): Uint8Array => Buffer.from(text);
const subjects: Sha256[] = ['a', 'b', 'c', 'd'].map((name) => sha256(`subject ${name}`));

let now: number;
let bucket: MemoryBucket;
const clock: Clock = { now: () => new Date(now) };
const at = (days: number): Date => new Date(START + days * DAY);
const put = (text: string, until?: number): Promise<Sha256> =>
  createEvidenceStore(bucket.blobs, { clock }).put(bytes(text), subjects, until === undefined ? undefined : at(until));
const prune = (): Promise<Pruned> => pruneEvidence(bucket, { clock });

beforeEach(() => {
  now = START;
  bucket = memoryBucket(() => now);
});

describe('a legal hold', () => {
  test('keeps what it is on until it is lifted, whoever else still holds it', async () => {
    const [held, free] = [await put('held', 10), await put('free', 10)];
    await holdEvidence(bucket, 'case-1', [held], clock);
    await holdEvidence(bucket, 'case-2', [held, free], clock);
    await holdEvidence(bucket, 'case-2', [held], clock);
    const holds = await listHolds(bucket);
    expect([holds.size, holds.get('case-1'), new Set(holds.get('case-2'))]).toEqual([2, [held], new Set([held, free])]);
    expect(bucket.holds.size).toBe(2);
    now = at(20).getTime();
    expect(await prune()).toMatchObject({ removed: [], kept: { held: 2 } });
    expect([...(await liftHold(bucket, 'case-2'))].sort()).toEqual([held, free].sort());
    expect((await prune()).removed).toEqual([free]);
    expect(bucket.holds.size).toBe(1);
    expect(await liftHold(bucket, 'case-1', [held, free])).toEqual([held]);
    expect(await listHolds(bucket)).toEqual(new Map());
    expect((await prune()).removed).toEqual([held]);
  });

  test('on many pieces is one transaction where the store has them', async () => {
    const transactions = memoryTransactions();
    const store = createEvidenceStore(transactions.blobs, { transactions, clock });
    const ids = await store.putAll(Array.from({ length: 40 }, (_, i) => ({ evidence: bytes(`${i}`), subjects })));
    const before = transactions.committed();
    await holdEvidence({ blobs: transactions.blobs, transactions }, 'case-1', ids, clock);
    expect(transactions.committed()).toBe(before + 1);
    expect(new Set(await liftHold({ blobs: transactions.blobs, transactions }, 'case-1'))).toEqual(new Set(ids));
    expect(transactions.committed()).toBe(before + 2);
  });

  test('set while another is lifted leaves the store holding', async () => {
    const id = await put('held', 10);
    await holdEvidence(bucket, 'case-1', [id], clock);
    let setting: Promise<void> | undefined;
    bucket.around = async ({ call }, take) => {
      if (call === 'hold' && setting === undefined) {
        setting = Promise.resolve();
        await holdEvidence(bucket, 'case-2', [id], clock);
      }
      take();
    };
    await liftHold(bucket, 'case-1');
    expect([bucket.holds.size, [...(await listHolds(bucket)).keys()]]).toEqual([1, ['case-2']]);
  });

  test('that the store cannot set is heeded all the same, and its setter is told', async () => {
    const id = await put('held', 10);
    expect(await holdEvidence(bucket, 'case-1', [id], clock)).toEqual({ enforced: 'compliance' });
    const refusing = async (): Promise<void> => {
      throw new SignwrightError('configuration', 'the bucket has no Object Lock');
    };
    const store = { ...bucket, retaining: { ...bucket.retaining, hold: refusing } };
    expect(await holdEvidence(store, 'case-2', [id], clock)).toEqual({ enforced: false, why: 'the bucket has no Object Lock' });
    await liftHold(bucket, 'case-1');
    bucket.holds.clear();
    now = at(20).getTime();
    expect(await prune()).toMatchObject({ removed: [], kept: { held: 1 } });
  });

  test('is kept where the evidence is put again', async () => {
    const id = await put('held', 10);
    await holdEvidence(bucket, 'case-1', [id], clock);
    now = at(5).getTime();
    await put('held', 12);
    now = at(20).getTime();
    expect(await prune()).toMatchObject({ removed: [], kept: { held: 1 } });
  });

  test('stands on what was there before retention was recorded, too', async () => {
    const id = await put('old');
    for (const key of [...bucket.contents().keys()].filter((each) => each.startsWith('kept/')))
      await bucket.retaining.remove(key);
    await holdEvidence(bucket, 'case-1', [id], clock);
    expect(await listHolds(bucket)).toEqual(new Map([['case-1', [id]]]));
  });

  test('that was stopped while it was set or lifted is completed by doing it again', async () => {
    const id = await put('held', 10);
    const key = `evidence/${id.slice(7, 9)}/${id.slice(9)}`;
    for (const persisted of [true, false]) {
      for (const call of ['compareAndSwap', 'hold'] as const) {
        for (const step of [() => holdEvidence(bucket, 'case-1', [id], clock), () => liftHold(bucket, 'case-1')]) {
          const failing = failAt(bucket, 0, persisted, (change) => change.call === call);
          await expect(step()).rejects.toMatchObject({ code: 'unreachable' });
          expect(failing()).toBe(true);
          await step();
        }
        expect([bucket.holds.has(key), (await listHolds(bucket)).size]).toEqual([false, 0]);
        await holdEvidence(bucket, 'case-1', [id], clock);
        expect([bucket.holds.has(key), (await listHolds(bucket)).size]).toEqual([true, 1]);
        await liftHold(bucket, 'case-1');
      }
    }
  });

  test.each(['', 'Case 1', 'a,b', '../x', '-', 'a'.repeat(65), 'a\nb'])('cannot be named %j', async (name) => {
    const id = await put('held', 10);
    await expect(holdEvidence(bucket, name, [id])).rejects.toMatchObject({ code: 'usage' });
    await expect(liftHold(bucket, name)).rejects.toMatchObject({ code: 'usage' });
  });

  test('cannot be set on what is not there', async () => {
    await expect(holdEvidence(bucket, 'case-1', [sha256('absent')])).rejects.toMatchObject({ code: 'unreachable' });
    expect(await listHolds(bucket)).toEqual(new Map());
  });
});
