import { type BlobStore, openCheckpoint, sha256, writeNote } from '@signwright/signing-core';
import {
  createEditableBlobStore,
  type EditableBlobStore,
  testApproval,
  testAuditLog,
  testIntent,
  testResult,
  testWitness,
} from '@signwright/testkit';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type AuditLog, type AuditLogOptions, openAuditLog } from '../open-audit-log.ts';
import { witnessLog } from '../witness/witness-log.ts';
import type { Finding } from './finding.ts';
import { type LogAudit, verifyLog } from './verify-log.ts';

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
const witness = testWitness('witness.example');
let blobs: EditableBlobStore;

const opened = (store: BlobStore = blobs): Promise<AuditLog> =>
  openOrdered({ blobs: store, keys, clock, witnesses: [], count: 0, signer, segments: { open, seal: sealBy(signer) } });
const jobOpened = (): Promise<AuditLog> =>
  openOrdered({ blobs, keys, clock, witnesses: [], count: 0, segments: { open, seal: sealBy(job) } });
const audit = (): Promise<LogAudit> => verifyLog({ blobs, keys, open, witnesses: [witness.key] });
const places = (findings: readonly Finding[]): string[][] => findings.map(({ severity, code, place }) => [severity, code, place]);

/** A log with everything a log has: full and partial tiles, groups, refused and waiting segments, attempts, a witness. */
async function fullLog(): Promise<void> {
  const log = await opened();
  const jobs = await jobOpened();
  for (let i = 0; i < 120; i++) {
    const intent = testIntent(`${i}`);
    await (i % 3 ? log : jobs).append([intent]);
    await log.append([testResult(`${i}`, [intent])]);
    if (i % 40 === 7) await log.publish();
  }
  await blobs.putIfAbsent('segments/000000000240', Buffer.from('junk'));
  for (let i = 120; i < 150; i++) await log.append([testIntent(`${i}`), testResult(`${i}`, [testIntent(`${i}`)])]);
  await log.publish();
  await witnessLog({ blobs, keys, ...witness, clock, remember: async () => undefined });
  const last = testIntent('last');
  await log.append([last, testResult('last', [last])]);
  await jobs.append([testIntent('waiting')]);
}

describe('a log as it was written', () => {
  let whole: ReturnType<EditableBlobStore['copy']>;
  beforeAll(async () => {
    blobs = createEditableBlobStore();
    await fullLog();
    whole = blobs.copy();
  }, 60_000);
  beforeEach(() => blobs.restore(whole));

  test('is sound; what waits or was refused is a notice', async () => {
    const { sound, checkpoint, segments, records, findings } = await audit();
    expect([sound, checkpoint?.size, segments]).toEqual([true, 303, 273]);
    expect(records).toEqual({ intents: 151, results: 151, refusals: 0, approvals: 0, others: 1 });
    expect(places(findings)).toEqual([
      ['notice', 'unordered', 'segments/000000000273'],
      ['notice', 'refused-segment', 'segments/000000000240'],
    ]);
    const kinds = new Set(blobs.keys().map((key) => key.replace(/(requests\/)..|[0-9a-f]{12,}|\d{3}.*/g, '$1N')));
    expect([...kinds].sort()).toEqual(
      [
        'checkpoint',
        'head',
        'requests/N/N-1',
        'segments/N',
        'sequenced/N',
        'tile/0/N',
        'tile/1/N',
        'tile/entries/N',
        'witnesses/N',
      ].sort(),
    );
  });

  test('any bit flipped, in any blob, is found there', { timeout: 300_000 }, async () => {
    const before = JSON.stringify((await audit()).findings);
    // Of each kind of blob some, and of each its beginning, its end and a byte between.
    const kinds = new Map<string, string[]>();
    for (const key of blobs.keys()) {
      const kind = key.replace(/[0-9a-f]{2}\/[0-9a-f]{62}|[0-9a-f]{64}|\d{12}/, 'N');
      kinds.set(kind, [...(kinds.get(kind) ?? []), key]);
    }
    const sample = [...kinds.values()].flatMap((of) => [...new Set([of[0]!, of[Math.floor(of.length / 2)]!, of.at(-1)!])]);
    for (const key of sample) {
      const { bytes } = (await blobs.get(key))!;
      const random = Math.floor(Math.random() * bytes.length);
      for (const at of new Set([0, Math.floor(bytes.length / 3), random, bytes.length - 1])) {
        const flipped = Uint8Array.from(bytes);
        flipped[at]! ^= 1 << (at % 8);
        blobs.edit(key, flipped);
        const { findings } = await audit();
        const found = findings.filter((finding) => finding.place === key);
        expect(found.length, `bit ${at % 8} of byte ${at} of ${key}: ${JSON.stringify(findings.slice(0, 3))}`).toBeGreaterThan(0);
        expect(JSON.stringify(findings)).not.toBe(before);
      }
      blobs.edit(key, bytes);
    }
    expect(JSON.stringify((await audit()).findings)).toBe(before);
  });

  test('any byte flipped of a head, a checkpoint and a segment is found', { timeout: 300_000 }, async () => {
    blobs = createEditableBlobStore();
    const log = await opened();
    await log.append([Buffer.from('{}'), Buffer.from('{"a":1}')]);
    await log.append([Buffer.from('{"b":1}')]);
    await log.publish();
    for (const key of blobs.keys()) {
      const { bytes } = (await blobs.get(key))!;
      for (let at = 0; at < bytes.length; at++) {
        const flipped = Uint8Array.from(bytes);
        flipped[at]! ^= 1 << (at % 8);
        blobs.edit(key, flipped);
        expect((await audit()).sound, `byte ${at} of ${key}`).toBe(false);
      }
      blobs.edit(key, bytes);
    }
    expect((await audit()).findings).toEqual([]);
  });

  test('any blob removed is found there, but for those that need not be there', { timeout: 300_000 }, async () => {
    // Partial tiles that were published once may go when newer ones are; a checkpoint or cosignature that is not there was never asked for.
    const mayGo = (key: string): boolean =>
      ['checkpoint', 'segments/000000000273'].includes(key) ||
      key.startsWith('witnesses/') ||
      (key.includes('.p/') && !['tile/0/001.p/45', 'tile/entries/001.p/45', 'tile/1/000.p/1'].includes(key));
    for (const [i, key] of blobs.keys().entries()) {
      if (mayGo(key) || (i % 7 !== 0 && !/^(head|tile|sequenced)/.test(key))) continue;
      const { bytes } = (await blobs.get(key))!;
      blobs.edit(key, undefined);
      const { findings } = await audit();
      expect(
        findings.map(({ place }) => place),
        key,
      ).toContain(key);
      blobs.edit(key, bytes);
    }
  });

  test('two blobs that change places are found, both', async () => {
    for (const [one, other] of [
      ['segments/000000000003', 'segments/000000000004'],
      ['tile/0/000', 'tile/entries/000'],
      ['segments/000000000271', 'segments/000000000272'],
    ] as const) {
      const [a, b] = [(await blobs.get(one))!.bytes, (await blobs.get(other))!.bytes];
      blobs.edit(one, b);
      blobs.edit(other, a);
      const { findings } = await audit();
      expect(findings.map(({ place }) => place)).toEqual(expect.arrayContaining([one, other]));
      blobs.edit(one, a);
      blobs.edit(other, b);
    }
  });

  test('a record that somebody changed wherever it is kept does not lead to the checkpoint', async () => {
    const entries = Buffer.from((await blobs.get('tile/entries/000'))!.bytes);
    const forged = Buffer.from(entries.toString('latin1').replace('"tester"', '"nobody"'), 'latin1');
    blobs.edit('tile/entries/000', forged);
    const { decodeEntries, leafHash } = await import('@signwright/signing-core');
    blobs.edit('tile/0/000', Buffer.concat(decodeEntries(forged).map(leafHash)));
    blobs.edit('segments/000000000000', await sealBy(job)([decodeEntries(forged)[0]!]));
    const { findings } = await audit();
    expect(places(findings)).toContainEqual(['damage', 'head', 'head']);
    expect(places(findings)).toContainEqual(['damage', 'split-view', 'checkpoint']);
  });

  test('checkpoints kept elsewhere must still hold', async () => {
    const kept = Buffer.from((await blobs.get('checkpoint'))!.bytes);
    const earlier = [{ place: 'my copy', bytes: kept }];
    expect((await verifyLog({ blobs, keys, open, earlier })).sound).toBe(true);
    blobs.restore(new Map());
    for (let i = 0; i < 303; i++) await (await opened()).append([testIntent(`other ${i}`)]);
    const { findings } = await verifyLog({ blobs, keys, open, earlier });
    expect(places(findings)).toContainEqual(['damage', 'split-view', 'my copy']);
    blobs.restore(new Map());
    await (await opened()).append([testIntent('new')]);
    expect(places((await verifyLog({ blobs, keys, open, earlier })).findings)).toContainEqual(['damage', 'rollback', 'my copy']);
  });

  test('a cosignature that does not hold is found', async () => {
    const key = blobs.keys().find((one) => one.startsWith('witnesses/'))!;
    const { note } = openCheckpoint((await blobs.get(key))!.bytes, keys, key);
    blobs.edit(key, writeNote({ text: note.text, signatures: note.signatures.slice(0, 1) }));
    expect(places((await audit()).findings)).toContainEqual(['damage', 'checkpoint', key]);
  });
});

describe('what an audit tells of a sound log', () => {
  beforeEach(() => {
    blobs = createEditableBlobStore();
  });

  test('nothing of one that has not begun', async () => {
    expect(await audit()).toMatchObject({ sound: true, checkpoint: { size: 0 }, segments: 0, findings: [] });
  });

  test('what people said is counted, and is an orphan of nothing', async () => {
    const intent = testIntent('one');
    await (await opened()).append([intent, testApproval('one', { said: 'reject' }), testResult('one', [intent])]);
    const { records, findings } = await audit();
    expect([records, findings]).toEqual([{ intents: 1, results: 1, refusals: 0, approvals: 1, others: 0 }, []]);
  });

  test('intents without a result, and results without an intent', async () => {
    const log = await opened();
    const [orphan, answered, another] = [testIntent('orphan'), testIntent('answered'), testIntent('another')];
    await log.append([testResult('early', [orphan])]);
    await log.append([orphan, answered, another]);
    await log.append([
      testResult('answered', [answered]),
      testResult('again', [answered]),
      testResult('of no such request', [another]),
    ]);
    const { sound, findings } = await audit();
    expect(sound).toBe(true);
    expect(places(findings)).toEqual([
      ['notice', 'result-without-intent', 'record 0'],
      ['notice', 'result-without-intent', 'record 5'],
      ['notice', 'result-without-intent', 'record 6'],
      ['notice', 'orphan-intent', 'record 1'],
      ['notice', 'orphan-intent', 'record 3'],
    ]);
    expect(findings[2]!.message).toContain('of another request');
    expect(findings[3]!.message).toContain(sha256(orphan));
  });

  test('attempts that a retry will not find, or that lead elsewhere', async () => {
    const log = await opened();
    const [lost, changed] = [testIntent('lost'), testIntent('changed')];
    await log.append([lost, testResult('lost', [lost]), changed, testResult('changed', [changed])]);
    const [one, other] = blobs.keys().filter((key) => key.startsWith('requests/'));
    blobs.edit(one!, undefined);
    blobs.edit(other!, Buffer.from(sha256('never written')));
    expect(places((await audit()).findings)).toEqual(
      expect.arrayContaining([
        ['damage', 'attempt', other],
        ['notice', 'attempt', one],
      ]),
    );
  });

  test('a segment whose signer is not trusted any more is told from one that was changed', async () => {
    const log = await opened();
    await (await jobOpened()).append([testIntent('a')]);
    await log.sequence();
    const left = async (bytes: Uint8Array) => {
      const one = await open(bytes);
      return 'records' in one && one.by === 'the log job' ? ({ refused: 'it left', stranger: true } as const) : one;
    };
    const stranger = { severity: 'notice', code: 'unknown-writer', place: 'segments/000000000000' };
    expect(await verifyLog({ blobs, keys, open: left })).toMatchObject({
      sound: true,
      findings: expect.arrayContaining([expect.objectContaining(stranger)]),
    });
    expect(await verifyLog({ blobs, keys, open: testAuditLog('other').open })).toMatchObject({
      sound: false,
      findings: expect.arrayContaining([
        expect.objectContaining({ severity: 'damage', message: expect.stringMatching(/^it was changed, or the key/) }),
      ]),
    });
    blobs.edit('segments/000000000000', Buffer.from(await sealBy(job)([testIntent('another')])));
    expect((await verifyLog({ blobs, keys, open: left })).sound).toBe(false);
  });

  test('a refused segment that the head hides as if it never had been', async () => {
    const jobs = await jobOpened();
    await jobs.append([testIntent('a')]);
    await jobs.append([testIntent('hidden')]);
    const { refused } = await (
      await openOrdered({
        blobs,
        keys,
        clock,
        witnesses: [],
        count: 0,
        signer,
        segments: {
          seal: sealBy(signer),
          // A sequencer that leaves out what it does not like, and whose note is then taken away.
          open: async (bytes) =>
            Buffer.from(bytes).equals(Buffer.from((await blobs.get('segments/000000000001'))!.bytes))
              ? { refused: 'dislike' }
              : open(bytes),
        },
      })
    ).sequence();
    expect(refused).toHaveLength(1);
    expect((await audit()).sound).toBe(true);
    expect(places((await audit()).findings)).toContainEqual(['notice', 'refused-segment', 'segments/000000000001']);
  });

  test('more findings than can be read are counted', async () => {
    const log = await opened();
    await log.append(Array.from({ length: 1100 }, (_, i) => testIntent(`${i}`)));
    const { findings, more } = await audit();
    expect([findings.length, more]).toEqual([1000, { damage: 0, notice: 100 }]);
  });
});
