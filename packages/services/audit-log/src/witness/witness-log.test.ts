import { openCheckpoint, type Receipt, verifyCosignatures, verifyRecordProof } from '@signwright/signing-core';
import {
  createEditableBlobStore,
  createFaultyBlobStore,
  type EditableBlobStore,
  type TestWitness,
  testAuditLog,
  testWitness,
} from '@signwright/testkit';
import { beforeEach, describe, expect, test } from 'vitest';
import { type AuditLog, type AuditLogOptions, openAuditLog } from '../open-audit-log.ts';
import { type WitnessOptions, type WitnessReport, witnessLog } from './witness-log.ts';

/** A log whose appends return when they are in order, so that what is written is the same each time. */
async function openOrdered(options: AuditLogOptions): Promise<AuditLog> {
  const log = await openAuditLog(options);
  return {
    ...log,
    async append(records) {
      const receipts = await log.append(records);
      await log.settled();
      return receipts;
    },
  };
}

const { signer, job, keys, open, sealBy } = testAuditLog();
const [ann, ben, cem] = ['a', 'b', 'c'].map((name) => testWitness(`${name}.witness.example`)) as [
  TestWitness,
  TestWitness,
  TestWitness,
];
const START = Date.parse('2026-11-22T12:00:00Z');
const MINUTE = 60_000;

let blobs: EditableBlobStore;
let log: AuditLog;
let now: number;
const memories = new Map<string, Uint8Array>();
const clock = { now: () => new Date(now) };
const opened = (changes: Partial<AuditLogOptions> = {}): Promise<AuditLog> =>
  openOrdered({ blobs, keys, clock, witnesses: [], count: 0, signer, segments: { open, seal: sealBy(signer) }, ...changes });
beforeEach(async () => {
  blobs = createEditableBlobStore();
  now = START;
  memories.clear();
  log = await opened();
});
const append = async (content: string, by = log): Promise<Receipt> =>
  (await by.append([Buffer.from(JSON.stringify({ content }))]))[0]!;

/** A round of a witness that remembers what its last one returned. */
async function round({ name, signer }: TestWitness, changes: Partial<WitnessOptions> = {}): Promise<WitnessReport> {
  const last = memories.get(name);
  const remember = async (note: Uint8Array): Promise<void> => void memories.set(name, note);
  const others = [ann, ben, cem].filter((one) => one.name !== name).map(({ key }) => key);
  return witnessLog({
    blobs,
    keys,
    name,
    signer,
    clock,
    remember,
    others,
    ...(last ? { last } : {}),
    stuckAfter: 30 * MINUTE,
    ...changes,
  });
}
const sizeOf = (report: WitnessReport): number | string =>
  report.status === 'cosigned' ? report.checkpoint.size : report.status;

describe('a witness', () => {
  test('cosigns the newest checkpoint, and leaves it in the log', async () => {
    await append('a');
    const report = await round(ann);
    expect(report).toMatchObject({ status: 'cosigned', first: true, checkpoint: { size: 1 } });
    const [stored] = blobs.keys().filter((key) => key.startsWith('witnesses/'));
    const { note, size } = openCheckpoint((await blobs.get(stored!))!.bytes, keys, 'stored');
    expect([size, verifyCosignatures(note, [ann.key])]).toEqual([1, [{ witness: ann.key, at: new Date(START) }]]);
    await append('b');
    expect(await round(ann)).toMatchObject({ status: 'cosigned', first: false, checkpoint: { size: 2 } });
  });

  test('has nothing to say of a log that has not begun', async () => {
    expect(await round(ann)).toEqual({ status: 'nothing-yet' });
    expect(memories.size).toBe(0);
  });

  test('remembers before it lets anybody have its cosignature', async () => {
    await append('a');
    const forgets = { remember: async () => Promise.reject(new Error('the disk is full')) };
    await expect(round(ann, forgets)).rejects.toThrow('the disk is full');
    expect(blobs.keys().some((key) => key.startsWith('witnesses/'))).toBe(false);
  });

  test('that could not leave its cosignature goes on from what it remembers', async () => {
    await append('a');
    const down = createFaultyBlobStore(blobs, () => 'failed');
    await expect(round(ann, { blobs: down })).rejects.toMatchObject({ code: 'unreachable' });
    await append('b');
    expect(sizeOf(await round(ann))).toBe(2);
  });

  test('that lost its memory goes on from what it left in the log', async () => {
    await append('a');
    await append('b');
    await round(ann);
    memories.clear();
    const { bytes } = (await blobs.get(blobs.keys().find((key) => key.startsWith('witnesses/'))!))!;
    blobs.restore(new Map());
    blobs.edit(`witnesses/${(await import('node:crypto')).createHash('sha256').update(ann.name).digest('hex')}`, bytes);
    await append('other', await opened());
    expect(await round(ann)).toMatchObject({ status: 'rollback' });
  });

  test('refuses a memory that is not its own', async () => {
    await append('a');
    const report = await round(ben);
    await expect(round(ann, { last: report.status === 'cosigned' ? report.note : new Uint8Array() })).rejects.toMatchObject({
      code: 'verification',
      message: expect.stringMatching(/no cosignature of its own/),
    });
  });
});

describe('the alarm', () => {
  test('rollback: the log has fewer records than it had', async () => {
    await append('a');
    const older = blobs.copy();
    await append('b');
    await round(ann);
    blobs.restore(older);
    const report = await round(ann);
    expect(report).toMatchObject({ status: 'rollback', message: 'the log has 1 records, and it had 2' });
    blobs.restore(new Map());
    expect(await round(ann)).toMatchObject({ status: 'rollback' });
  });

  test('split view: another history, of the same size or a larger one', async () => {
    await append('a');
    await append('b');
    const seen = await round(ann);
    blobs.restore(new Map());
    const other = await opened();
    await append('a', other);
    await append('forged', other);
    for (let i = 0; i < 2; i++) {
      const report = await round(ann);
      expect(report).toMatchObject({ status: 'split-view', message: expect.stringMatching(/two histories/) });
      // Both notes are signed by the log: whoever has them can prove what it did.
      for (const note of report.status === 'split-view' ? [report.seen, report.found] : [])
        openCheckpoint(note, keys, 'evidence');
      await append('more', other);
    }
    expect(memories.get(ann.name)).toEqual(seen.status === 'cosigned' ? seen.note : undefined);
  });

  test('split view: what is published, or was cosigned by another witness, is not what the log has', async () => {
    await append('a');
    await log.publish();
    await round(ben);
    const theirs = blobs.copy();
    blobs.restore(new Map());
    const other = await opened();
    await append('b', other);
    await append('c', other);
    const cosigned = [...theirs].find(([key]) => key.startsWith('witnesses/'))!;
    blobs.edit(cosigned[0], cosigned[1].bytes);
    expect(await round(ann)).toMatchObject({ status: 'split-view' });
    blobs.edit(cosigned[0], undefined);
    blobs.edit('checkpoint', theirs.get('checkpoint')!.bytes);
    expect(await round(ann)).toMatchObject({ status: 'split-view' });
  });

  test('stuck: segments wait, and nobody orders them', async () => {
    const jobs = await openOrdered({ blobs, keys, clock, witnesses: [], count: 0, segments: { open, seal: sealBy(job) } });
    await append('a');
    await round(ann);
    now += 600 * MINUTE;
    expect(sizeOf(await round(ann))).toBe(1);
    await append('waits', jobs);
    now += 20 * MINUTE;
    expect(sizeOf(await round(ann))).toBe(1);
    now += 20 * MINUTE;
    expect(await round(ann)).toMatchObject({ status: 'stuck', segment: 1, since: new Date(START + 600 * MINUTE) });
    await (await opened()).sequence();
    expect(sizeOf(await round(ann))).toBe(2);
  });

  test('a clock that is behind alarms nobody', async () => {
    const jobs = await openOrdered({ blobs, keys, clock, witnesses: [], count: 0, segments: { open, seal: sealBy(job) } });
    await append('a');
    await round(ann);
    await append('waits', jobs);
    now -= 600 * MINUTE;
    expect(sizeOf(await round(ann))).toBe(1);
  });

  test('a head that does not hold, or tiles that do not lead to it', async () => {
    await log.append(Array.from({ length: 300 }, (_, i) => Buffer.from(`{"n":${i}}`)));
    await round(ann);
    await log.append(Array.from({ length: 300 }, (_, i) => Buffer.from(`{"m":${i}}`)));
    const tile = Buffer.from((await blobs.get('tile/0/001'))!.bytes);
    tile[100]! ^= 1;
    blobs.edit('tile/0/001', tile);
    await expect(round(ann)).rejects.toMatchObject({ code: 'verification', where: 'tile/0/001' });
    blobs.edit('head', Buffer.from('{}'));
    await expect(round(ann)).rejects.toMatchObject({ code: 'verification', where: 'head' });
  });
});

describe('a proof where witnesses are demanded', () => {
  const demanding = (count: number): Promise<AuditLog> => opened({ witnesses: [ann.key, ben.key, cem.key], count });
  const trust = (count: number) => ({ keys, witnesses: [ann.key, ben.key, cem.key], count });

  test('waits for their cosignatures, under a checkpoint that has the record', async () => {
    const demands = await demanding(1);
    const receipt = await append('a');
    expect(await demands.prove(receipt)).toBeUndefined();
    await round(ann);
    expect(verifyRecordProof((await demands.prove(receipt))!, trust(1))).toMatchObject({ status: 'proven', index: 0 });
    const later = await append('b');
    expect(await demands.prove(later)).toBeUndefined();
    expect(await demands.prove(receipt)).toBeDefined();
  });

  test('gathers cosignatures on one checkpoint, though the log grows between the witnesses’ rounds', async () => {
    const demands = await demanding(3);
    const receipt = await append('first');
    await round(ann);
    await append('then');
    await round(ben);
    expect(await demands.prove(receipt)).toBeUndefined();
    await append('then');
    await round(ann);
    await append('then');
    expect(sizeOf(await round(cem))).toBe(1);
    const { status, checkpoint, witnesses } = verifyRecordProof((await demands.prove(receipt))!, trust(3));
    expect([status, checkpoint.size, witnesses.length]).toEqual(['proven', 1, 3]);
  });

  test('of witnesses that come in turn, all come to stand on one checkpoint', async () => {
    const demands = await demanding(3);
    const receipt = await append('first');
    for (const witness of [ann, ben, cem]) {
      await round(witness);
      await append('more');
    }
    expect(verifyRecordProof((await demands.prove(receipt))!, trust(3))).toMatchObject({
      status: 'proven',
      checkpoint: { size: 1 },
    });
    for (const witness of [ann, ben, cem]) await round(witness);
    const later = await append('later');
    for (const witness of [ann, ben, cem, ann, ben, cem]) await round(witness);
    expect(verifyRecordProof((await demands.prove(later))!, trust(3))).toMatchObject({ status: 'proven' });
  });

  test('counts no witness twice, nor what somebody else put in its place', async () => {
    const twice = await opened({ witnesses: [ann.key, { ...ann.key, name: 'again' }], count: 2 });
    const receipt = await append('a');
    await round(ann);
    expect(await twice.prove(receipt)).toBeUndefined();
    const demands = await demanding(2);
    const [stored] = blobs.keys().filter((key) => key.startsWith('witnesses/'));
    await round(ben);
    const copied = blobs.keys().find((key) => key.startsWith('witnesses/') && key !== stored)!;
    blobs.edit(copied, (await blobs.get(stored!))!.bytes);
    expect(await demands.prove(receipt)).toBeUndefined();
    blobs.edit(copied, Buffer.from('junk'));
    expect(await demands.prove(receipt)).toBeUndefined();
  });

  test('is refused where the log contradicts what its witnesses cosigned', async () => {
    await append('a');
    await append('b');
    await round(ann);
    const cosigned = [...blobs.copy()].find(([key]) => key.startsWith('witnesses/'))!;
    blobs.restore(new Map());
    const forked = await opened({ witnesses: [ann.key], count: 1 });
    const receipt = await append('c', forked);
    blobs.edit(cosigned[0], cosigned[1].bytes);
    await expect(forked.prove(receipt)).rejects.toMatchObject({
      code: 'verification',
      message: expect.stringMatching(/witnesses cosigned a checkpoint of 2/),
    });
    await append('d', forked);
    await expect(forked.prove(receipt)).rejects.toMatchObject({ code: 'verification' });
  });
});
