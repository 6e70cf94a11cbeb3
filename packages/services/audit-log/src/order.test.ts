import {
  type BlobStore,
  encodeEntries,
  entriesPath,
  leafHash,
  parseRecord,
  type Receipt,
  sha256,
  tilePath,
  verifyRecordProof,
} from '@signwright/signing-core';
import {
  createEditableBlobStore,
  createFaultyBlobStore,
  type EditableBlobStore,
  freshKeys,
  memorySigner,
  testAuditLog,
} from '@signwright/testkit';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { type AuditLog, type AuditLogOptions, openAuditLog } from './open-audit-log.ts';
import { openLogReader } from './open-log-reader.ts';
import { growingTree } from './tree/edge.ts';
import { verifyLog } from './verify/verify-log.ts';

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

const { signer, job, keys, clock, open, sealBy } = testAuditLog();
const record = (content: string | number): Buffer => Buffer.from(JSON.stringify({ content }));
const many = (count: number, name = ''): Buffer[] => Array.from({ length: count }, (_, i) => record(`${name}${i}`));

let blobs: EditableBlobStore;
beforeEach(() => {
  blobs = createEditableBlobStore();
});
const opened = (store: BlobStore = blobs): Promise<AuditLog> =>
  openOrdered({ blobs: store, keys, clock, witnesses: [], count: 0, signer, segments: { open, seal: sealBy(signer) } });
const jobOpened = (store: BlobStore = blobs): Promise<AuditLog> =>
  openOrdered({ blobs: store, keys, clock, witnesses: [], count: 0, segments: { open, seal: sealBy(job) } });
const indexOf = async (receipt: Receipt): Promise<number> =>
  verifyRecordProof((await (await opened()).prove(receipt))!, { keys, witnesses: [], count: 0 }).index;
async function contents(): Promise<string[]> {
  const reader = await openLogReader({ blobs, keys });
  const found = [];
  for await (const { bytes } of reader.records(0, reader.size)) found.push(JSON.parse(Buffer.from(bytes).toString()).content);
  return found;
}
const sound = async (): Promise<void> => expect((await verifyLog({ blobs, keys, open })).findings).toEqual([]);

describe('what is written', () => {
  test('is a tree as C2SP tlog-tiles has it: full tiles at once, partial ones and the checkpoint when published', async () => {
    const log = await opened();
    const records = many(300);
    await log.append(records);
    expect(blobs.keys()).toEqual(['head', 'segments/000000000000', 'segments/000000000001', 'tile/0/000', 'tile/entries/000']);
    await log.publish();
    expect(blobs.keys()).toEqual([
      'checkpoint',
      'head',
      'segments/000000000000',
      'segments/000000000001',
      'tile/0/000',
      'tile/0/001.p/44',
      'tile/1/000.p/1',
      'tile/entries/000',
      'tile/entries/001.p/44',
    ]);
    const leaves = records.map(leafHash);
    const bytesOf = async (key: string): Promise<Buffer> => Buffer.from((await blobs.get(key))!.bytes);
    expect(await bytesOf(tilePath(0, 0))).toEqual(Buffer.concat(leaves.slice(0, 256)));
    expect(await bytesOf(tilePath(0, 1, 44))).toEqual(Buffer.concat(leaves.slice(256)));
    expect(await bytesOf(entriesPath(0))).toEqual(encodeEntries(records.slice(0, 256)));
    const tree = growingTree();
    for (const leaf of leaves) tree.add(leaf);
    expect(await bytesOf(tilePath(1, 0, 1))).toEqual(tree.edge()[1]![0]);
    expect((await bytesOf('checkpoint')).toString()).toContain(`\n300\n${(await tree.root()).toString('base64')}\n`);
    await sound();
  });

  test('an account of each 256 segments lets the oldest records be proven', async () => {
    const log = await opened();
    const receipts = [];
    for (let i = 0; i < 520; i++) receipts.push(...(await log.append([record(i)])));
    expect(blobs.keys().filter((key) => key.startsWith('sequenced/'))).toEqual([
      'sequenced/000000000000',
      'sequenced/000000000001',
    ]);
    for (const i of [0, 1, 254, 255, 256, 511, 512, 519]) expect(await indexOf(receipts[i]!)).toBe(i);
    await sound();
    expect((await blobs.get('head'))!.bytes.length).toBeLessThan(32_000);
  });

  test('publishing goes forward only, and writes nothing where nothing is new', async () => {
    const log = await opened();
    await log.publish();
    expect(blobs.keys()).toEqual([]);
    await log.append(many(3));
    await log.publish();
    const { version } = (await blobs.get('checkpoint'))!;
    await log.publish();
    await (await jobOpened()).publish();
    expect((await blobs.get('checkpoint'))!.version).toBe(version);
    await log.append(many(1));
    await log.publish();
    expect(Buffer.from((await blobs.get('checkpoint'))!.bytes).toString()).toContain('\n4\n');
  });

  test('a log of 65,800 records has a full tile of level 1, and one process makes it in bounded rounds', {
    timeout: 60_000,
  }, async () => {
    const jobs = await jobOpened();
    const receipts = await jobs.append(many(65_800));
    expect(await (await opened()).sequence()).toMatchObject({ size: 65_800, segments: 258, refused: [] });
    expect(await blobs.get('tile/1/000')).toBeDefined();
    for (const i of [0, 65_535, 65_536, 65_799]) expect(await indexOf(receipts[i]!)).toBe(i);
    await (await opened()).publish();
    await sound();
  });
});

describe('a writer that died', () => {
  test('between the head and its tiles: readers read on, and whoever orders next writes them', async () => {
    const dies = createFaultyBlobStore(blobs, (_, key) => (key.startsWith('tile/') ? 'failed' : undefined));
    const receipts = await (await opened(dies)).append(many(600));
    expect(blobs.keys().filter((key) => key.startsWith('tile/'))).toEqual([]);
    for (const i of [0, 255, 256, 599]) expect(await indexOf(receipts[i]!)).toBe(i);
    expect(await contents()).toHaveLength(600);
    await (await opened()).append([record('next')]);
    expect(blobs.keys().filter((key) => key.startsWith('tile/'))).toEqual([
      'tile/0/000',
      'tile/0/001',
      'tile/entries/000',
      'tile/entries/001',
    ]);
    await sound();
  });

  test('as a tile of level 1 became full: it is made again from the tiles below', { timeout: 60_000 }, async () => {
    const receipts = [...(await (await jobOpened()).append(many(65_300)))];
    await (await opened()).sequence();
    const dies = createFaultyBlobStore(blobs, (_, key) => (key.startsWith('tile/') ? 'failed' : undefined));
    receipts.push(...(await (await opened(dies)).append(many(300))));
    expect(await blobs.get('tile/1/000')).toBeUndefined();
    const last = verifyRecordProof((await (await jobOpened()).prove(receipts[65_540]!))!, { keys, witnesses: [], count: 0 });
    expect(last.index).toBe(65_540);
    await (await opened()).sequence();
    expect(await blobs.get('tile/1/000')).toBeDefined();
    await sound();
  });

  test('whose tile is there with other bytes: nobody writes over it, and nobody goes on as if nothing were', async () => {
    blobs.edit('tile/entries/000', Buffer.from('planted'));
    const log = await opened();
    await expect(log.append(many(300))).rejects.toMatchObject({ code: 'verification', where: 'tile/entries/000' });
    await expect((await opened()).append([record('more')])).rejects.toMatchObject({ code: 'verification' });
  });

  test('whose segments were changed before the tiles were made: the tiles are not made', async () => {
    const dies = createFaultyBlobStore(blobs, (_, key) => (key.startsWith('tile/') ? 'failed' : undefined));
    await (await opened(dies)).append(many(300));
    blobs.edit('segments/000000000000', await sealBy(signer)(many(256, 'other')));
    await expect((await opened()).sequence()).rejects.toMatchObject({
      code: 'verification',
      message: expect.stringMatching(/not what was ordered/),
    });
    expect(blobs.keys().filter((key) => key.startsWith('tile/'))).toEqual([]);
  });
});

describe('a record is acknowledged once its segment is written', () => {
  const options = { keys, clock, witnesses: [], count: 0, signer, segments: { open, seal: sealBy(signer) } };

  test('whatever becomes of its order meanwhile', async () => {
    const hangs = createFaultyBlobStore(blobs, (_, key) => (key === 'head' ? 'hung' : undefined));
    const log = await openAuditLog({ ...options, blobs: hangs });
    const [first] = await log.append([record('first')]);
    const [second] = await log.append([record('second')]);
    expect(await blobs.get('head')).toBeUndefined();
    expect([await indexOf(first!), await indexOf(second!)]).toEqual([0, 1]);
  });

  test('and is in order soon after, though nobody asks', async () => {
    const log = await openAuditLog({ ...options, blobs });
    const receipts = [...(await log.append([record('first')])), ...(await log.append([record('second')]))];
    await vi.waitFor(async () => expect((await openLogReader({ blobs, keys })).size).toBe(2));
    expect(await Promise.all(receipts.map(indexOf))).toEqual([0, 1]);
  });

  test('damage that is found meanwhile is told by whatever is asked next', async () => {
    blobs.edit('tile/entries/000', Buffer.from('planted'));
    const log = await openAuditLog({ ...options, blobs });
    await log.append(many(256));
    const damaged = { code: 'verification', where: 'tile/entries/000' };
    await expect(log.settled()).rejects.toMatchObject(damaged);
    await expect(log.publish()).rejects.toMatchObject(damaged);
    await log.append([record('more')]);
    await vi.waitFor(() => expect(log.append([record('still more')])).rejects.toMatchObject(damaged));
  });
});

describe('a segment that is not taken', () => {
  const stranger = memorySigner(freshKeys());
  const write = async (number: number, bytes: Uint8Array): Promise<void> => {
    await blobs.putIfAbsent(`segments/${String(number).padStart(12, '0')}`, bytes);
  };

  test('counts nothing, and the log records which it was and why', async () => {
    await (await jobOpened()).append([record('before')]);
    const foreign = await sealBy(stranger)([record('foreign')]);
    await write(1, foreign);
    await write(2, Buffer.from('junk'));
    await (await jobOpened()).append([record('after')]);
    const { refused, size } = await (await opened()).sequence();
    expect(refused.map(({ segment, digest }) => [segment, digest])).toEqual([
      [1, sha256(foreign)],
      [2, sha256('junk')],
    ]);
    expect(size).toBe(4);
    const reader = await openLogReader({ blobs, keys });
    const records = [];
    for await (const { bytes } of reader.records(2, 4)) records.push(parseRecord(bytes));
    expect(records).toEqual([
      {
        event: 'segment-refused',
        time: '2026-11-22T12:00:00.000Z',
        segment: 1,
        digest: sha256(foreign),
        reason: refused[0]!.reason,
      },
      {
        event: 'segment-refused',
        time: '2026-11-22T12:00:00.000Z',
        segment: 2,
        digest: sha256('junk'),
        reason: refused[1]!.reason,
      },
    ]);
    const { sound, findings } = await verifyLog({ blobs, keys, open });
    expect(sound).toBe(true);
    expect(findings.map(({ code, place }) => [code, place])).toEqual([
      ['refused-segment', 'segments/000000000001'],
      ['refused-segment', 'segments/000000000002'],
    ]);
  });

  test('is recorded once, however often its order is begun', async () => {
    await write(0, Buffer.from('junk'));
    for (let i = 0; i < 3; i++) {
      const dies = createFaultyBlobStore(blobs, (_, key) => (key === 'head' ? 'failed' : undefined));
      await expect((await opened(dies)).sequence()).rejects.toMatchObject({ code: 'unreachable' });
    }
    await (await opened()).sequence();
    expect(await openLogReader({ blobs, keys })).toMatchObject({ size: 1, next: 2 });
  });

  test('has no proof, and its writer is told why', async () => {
    const log = await openOrdered({ blobs, keys, clock, witnesses: [], count: 0, segments: { open, seal: sealBy(stranger) } });
    const [receipt] = await log.append([record('foreign')]);
    await (await opened()).sequence();
    await expect(log.prove(receipt!)).rejects.toMatchObject({
      code: 'verification',
      message: expect.stringMatching(/did not take/),
      next: expect.stringMatching(/./),
    });
  });

  test('that cannot be judged now stops the order there, and nothing is lost', async () => {
    let down = true;
    const seal = sealBy(signer);
    const judge: typeof open = async (bytes) => {
      if (down && Buffer.from(bytes).equals(Buffer.from((await blobs.get('segments/000000000000'))!.bytes))) {
        const { SignwrightError } = await import('@signwright/signing-core');
        throw new SignwrightError('unreachable', 'the revocation list is not there');
      }
      return open(bytes);
    };
    const [receipt] = await (await jobOpened()).append([record('job')]);
    const log = await openOrdered({ blobs, keys, clock, witnesses: [], count: 0, signer, segments: { open: judge, seal } });
    const [own] = await log.append([record('own')]);
    await expect(log.prove(own!)).rejects.toMatchObject({ code: 'unreachable' });
    down = false;
    expect([await indexOf(receipt!), await indexOf(own!)]).toEqual([0, 1]);
    await sound();
  });

  test('a number that was left out stops nobody: the log says that it was missing', async () => {
    await (await jobOpened()).append([record('a')]);
    await write(5, await sealBy(job)([record('beyond')]));
    expect((await verifyLog({ blobs, keys, open })).findings).toContainEqual(
      expect.objectContaining({ severity: 'damage', place: 'segments/000000000001', message: expect.stringMatching(/missing/) }),
    );
    const { refused, size } = await (await opened()).sequence();
    expect(refused.map(({ segment }) => segment)).toEqual([1, 2, 3, 4]);
    expect(size).toBe(6);
    expect((await contents())[5]).toBe('beyond');
  });
});

describe('attempts at a request', () => {
  const request = sha256('request release');

  test('are found by number, with the intent that the next one links to', async () => {
    const { testIntent, testResult } = await import('@signwright/testkit');
    const log = await jobOpened();
    expect(await log.attempts(request)).toEqual({ count: 0 });
    let previous: Buffer | undefined;
    for (let attempt = 1; attempt <= 12; attempt++) {
      const intent = testIntent('release', { attempt, ...(previous ? { previous: sha256(previous) } : {}) });
      const slice = testIntent('release', { attempt, slice: { number: 2, of: 2 } });
      const bySecondSigner = testIntent('release', { attempt, signer: { id: 'second', key: 'other' } });
      await log.append([slice, intent, bySecondSigner]);
      const second = testResult('release', [bySecondSigner], { signer: { id: 'second', key: 'other' } });
      await log.append([testResult('release', [slice, intent]), second]);
      expect(await (await opened()).attempts(request)).toEqual({ count: attempt, last: sha256(intent) });
      previous = intent;
    }
    await (await opened()).sequence();
    await sound();
  });

  test('an index that somebody changed is refused', async () => {
    const { testIntent } = await import('@signwright/testkit');
    const log = await jobOpened();
    await log.append([testIntent('release')]);
    blobs.edit(blobs.keys().find((key) => key.startsWith('requests/'))!, Buffer.from('nothing'));
    await expect(log.attempts(request)).rejects.toMatchObject({ code: 'verification' });
  });
});
