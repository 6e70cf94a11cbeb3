import { type LogKey, openCheckpoint, openSegment, verifierKeyOf } from '@signwright/signing-core';
import { createEditableBlobStore, freshKeys, memorySigner, testAuditLog } from '@signwright/testkit';
import { beforeEach, describe, expect, test } from 'vitest';
import { type AuditLog, openAuditLog } from './open-audit-log.ts';
import { openLogReader } from './open-log-reader.ts';
import { verifyLog } from './verify/verify-log.ts';

const { origin, sealBy } = testAuditLog();
const PAIR = { old: freshKeys(), new: freshKeys() };
type Which = keyof typeof PAIR;
// The new key signs from 1 June, the old one until 8 June.
const KEYS: readonly LogKey[] = [
  { ...verifierKeyOf(origin, PAIR.new.publicKey, 'log'), from: Date.parse('2026-06-01') },
  { ...verifierKeyOf(origin, PAIR.old.publicKey, 'log'), until: Date.parse('2026-06-08') },
];
const open = (bytes: Uint8Array) => openSegment(bytes, { logKeys: KEYS, trust: { root: undefined, keys: [] }, signers: [] });
const record = (content: string): Buffer => Buffer.from(JSON.stringify({ content }));

let blobs: ReturnType<typeof createEditableBlobStore>;
beforeEach(() => {
  blobs = createEditableBlobStore();
});

function opened(which: Which, now: string, kept?: { size: number; root: Buffer }): Promise<AuditLog> {
  const signer = memorySigner(PAIR[which]);
  return openAuditLog({
    blobs,
    keys: KEYS,
    witnesses: [],
    count: 0,
    clock: { now: () => new Date(now) },
    signer,
    segments: { open, seal: sealBy(signer) },
    ...(kept === undefined ? {} : { kept }),
  });
}

async function written(which: Which, now: string, content: string): Promise<void> {
  const log = await opened(which, now);
  await log.append([record(content)]);
  await log.settled();
  await log.publish();
}
const signersOf = async (key: string): Promise<string[]> => {
  const { signedBy } = openCheckpoint((await blobs.get(key))?.bytes ?? Buffer.of(), KEYS, key);
  return signedBy.map(({ text }) => (text === KEYS[0]?.text ? 'new' : 'old'));
};
const read = (now: string) => openLogReader({ blobs, keys: KEYS, now: new Date(now) });

describe("a log's key", () => {
  test.each([
    ['old', '2026-05-01T00:00:00Z', true],
    ['old', '2026-06-07T23:59:59Z', true],
    ['old', '2026-06-08T00:00:00Z', false],
    ['new', '2026-05-31T23:59:59Z', false],
    ['new', '2026-06-01T00:00:00Z', true],
    ['new', '2027-06-01T00:00:00Z', true],
  ] as const)('%s, opens the log to sign it at %s: %s', async (which, now, may) => {
    if (may) await expect(opened(which, now)).resolves.toBeDefined();
    else
      await expect(opened(which, now)).rejects.toMatchObject({
        code: 'configuration',
        message: expect.stringMatching(/counts (from|until)/),
      });
  });

  test('that takes over signs and publishes what the other signed, with nothing new, once; the other never takes it back', async () => {
    await written('old', '2026-06-02T00:00:00Z', 'a');
    expect(await signersOf('checkpoint')).toEqual(['old']);
    const log = await opened('new', '2026-06-02T00:00:01Z');
    expect(await log.sequence()).toMatchObject({ size: 1, segments: 1, refused: [] });
    await log.publish();
    expect([await signersOf('checkpoint'), (await read('2026-07-01T00:00:00Z')).size]).toEqual([['new'], 1]);
    const head = (await blobs.get('head'))?.bytes;
    await (await opened('new', '2026-06-02T00:00:02Z')).sequence();
    await (await opened('old', '2026-06-02T00:00:03Z')).sequence();
    expect((await blobs.get('head'))?.bytes).toEqual(head);
    expect((await verifyLog({ blobs, keys: KEYS, open, now: new Date('2027-01-01') })).findings).toEqual([]);
  });

  test.each([
    ['2026-06-08T00:04:59Z', true],
    ['2026-06-08T00:05:00Z', false],
  ])('that ended is believed of the newest checkpoint for five minutes: %s', async (now, believed) => {
    await written('old', '2026-06-07T00:00:00Z', 'a');
    if (believed) await expect(read(now)).resolves.toMatchObject({ size: 1 });
    else
      await expect(read(now)).rejects.toMatchObject({
        code: 'verification',
        message: expect.stringContaining('until 2026-06-08'),
      });
  });

  test.each([
    ['2026-05-31T23:54:59Z', false],
    ['2026-05-31T23:55:00Z', true],
  ])('that is to begin is believed by a clock that is five minutes slow: %s', async (now, believed) => {
    await written('new', '2026-06-01T00:00:00Z', 'a');
    if (believed) await expect(read(now)).resolves.toMatchObject({ size: 1 });
    else await expect(read(now)).rejects.toMatchObject({ code: 'verification' });
  });

  test('goes on after the other ended from exactly what was kept, and signs on top of nothing else', async () => {
    await written('old', '2026-06-07T00:00:00Z', 'a');
    const { checkpoint: kept } = await read('2026-06-07T00:00:00Z');
    await expect((await opened('new', '2026-07-01T00:00:00Z')).sequence()).rejects.toMatchObject({ code: 'verification' });
    const before = blobs.copy();
    await written('old', '2026-06-07T00:00:01Z', 'appended by whoever has the old key');
    await expect((await opened('new', '2026-07-01T00:00:00Z', kept)).sequence()).rejects.toMatchObject({ code: 'verification' });
    blobs.restore(before);
    await expect((await opened('new', '2026-07-01T00:00:00Z', kept)).sequence()).resolves.toMatchObject({ size: 1 });
    await expect(read('2026-07-01T00:00:00Z')).resolves.toMatchObject({ size: 1 });
  });
});
