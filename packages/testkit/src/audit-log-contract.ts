import { type AuditLog, MAX_RECORD, sha256, type VerifierKey, verifyRecordProof } from '@signwright/signing-core';
import { beforeEach, describe, expect, test } from 'vitest';

/** Several views of one log, as several processes have: each call of `open` is one more. */
export type OpenAuditLog = {
  /** As whoever has the log key opens it. */
  open: () => Promise<AuditLog>;
  /** As a job without the log key does. */
  openWithoutKey: () => Promise<AuditLog>;
  /** What proofs are verified by. */
  keys: readonly VerifierKey[];
};

const record = (content: string): Uint8Array => Buffer.from(JSON.stringify({ content }));

/**
 * Registers the tests that every AuditLog must pass.
 *
 * @param make makes a new, empty log for each test.
 */
export function auditLogContract(name: string, make: () => OpenAuditLog | Promise<OpenAuditLog>): void {
  describe(`${name} keeps the contract of AuditLog`, () => {
    let log: OpenAuditLog;
    let one: AuditLog;
    let other: AuditLog;
    beforeEach(async () => {
      log = await make();
      one = await log.open();
      other = await log.open();
    });

    async function proven(by: AuditLog, receipt: Parameters<AuditLog['prove']>[0]): Promise<{ index: number; bytes: Buffer }> {
      const proof = await by.prove(receipt);
      expect(proof).toBeDefined();
      const { status, index, bytes, checkpoint } = verifyRecordProof(proof!, { keys: log.keys, witnesses: [], count: 0 });
      expect(status).toBe('proven');
      expect(checkpoint.origin).toBe(receipt.origin);
      return { index, bytes };
    }

    test('a record is proven offline by what prove gives, with the record in it', async () => {
      const [receipt] = await one.append([record('a')]);
      expect(receipt).toEqual({ origin: log.keys[0]!.name, record: sha256(record('a')), segment: 0, place: 0 });
      expect(await proven(one, receipt!)).toEqual({ index: 0, bytes: record('a') });
    });

    test('nothing is no segment', async () => {
      expect(await one.append([])).toEqual([]);
      expect((await one.append([record('a')]))[0]!.segment).toBe(0);
    });

    test('records keep their order, and each has its place', async () => {
      const records = Array.from({ length: 600 }, (_, i) => record(`${i}`));
      const receipts = await one.append(records);
      expect(receipts.map(({ record }) => record)).toEqual(records.map((bytes) => sha256(bytes)));
      for (const i of [0, 1, 255, 256, 257, 511, 512, 599]) {
        expect(await proven(other, receipts[i]!)).toEqual({ index: i, bytes: records[i] });
      }
    });

    test('what many append at once is all there, each once', async () => {
      const receipts = (
        await Promise.all(
          Array.from({ length: 40 }, (_, i) => (i % 2 ? one : other).append([record(`${i} intent`), record(`${i} result`)])),
        )
      ).flat();
      const found = await Promise.all(receipts.map((receipt) => proven(one, receipt)));
      expect(found.map(({ index }) => index).sort((a, b) => a - b)).toEqual(Array.from({ length: 80 }, (_, i) => i));
      expect(found.map(({ bytes }) => sha256(bytes))).toEqual(receipts.map(({ record }) => record));
      for (let i = 0; i < 80; i += 2) expect(found[i + 1]!.index).toBe(found[i]!.index + 1);
    });

    test('the same record twice is in the log twice', async () => {
      const receipts = [...(await one.append([record('a')])), ...(await other.append([record('a')]))];
      expect((await Promise.all(receipts.map((receipt) => proven(one, receipt)))).map(({ index }) => index)).toEqual([0, 1]);
    });

    test('what a job without the log key appends is proven once somebody with it has come by', async () => {
      const job = await log.openWithoutKey();
      const [receipt] = await job.append([record('job')]);
      expect(await job.prove(receipt!)).toBeUndefined();
      const [later] = await one.append([record('later')]);
      expect(await proven(one, later!)).toEqual({ index: 1, bytes: record('later') });
      expect(await proven(job, receipt!)).toEqual({ index: 0, bytes: record('job') });
      expect(await proven(job, later!)).toEqual({ index: 1, bytes: record('later') });
      expect(await proven(await log.openWithoutKey(), receipt!)).toEqual({ index: 0, bytes: record('job') });
    });

    test('whoever has the log key need not have appended anything to prove', async () => {
      const [receipt] = await (await log.openWithoutKey()).append([record('job')]);
      expect(await proven(one, receipt!)).toEqual({ index: 0, bytes: record('job') });
    });

    test('a receipt for another record, place or log proves nothing', async () => {
      const [receipt, second] = await one.append([record('a'), record('b')]);
      for (const wrong of [
        { ...receipt!, record: sha256('never written') },
        { ...receipt!, place: 1 },
        { ...second!, place: 2 },
        { ...receipt!, origin: 'another.example' },
      ]) {
        await expect(one.prove(wrong)).rejects.toMatchObject({ name: 'SignwrightError', code: 'verification' });
      }
    });

    test('records up to the limit are taken, larger and empty ones refused before anything is written', async () => {
      const large = Buffer.alloc(MAX_RECORD - 1, 'x');
      const [receipt] = await one.append([large]);
      expect((await proven(other, receipt!)).bytes.length).toBe(MAX_RECORD - 1);
      for (const wrong of [Buffer.alloc(MAX_RECORD, 'x'), new Uint8Array()]) {
        await expect(one.append([record('fits'), wrong])).rejects.toMatchObject({ code: 'invalid-input' });
      }
      expect((await one.append([record('next')]))[0]!.segment).toBe(1);
    });

    test('changing the caller’s bytes later changes nothing', async () => {
      const given = Buffer.from(record('given'));
      const appended = one.append([given]);
      given.fill(0);
      expect((await proven(one, (await appended)[0]!)).bytes).toEqual(record('given'));
    });

    test('a log opened later goes on where the others were', async () => {
      const receipts = [];
      for (let i = 0; i < 5; i++) receipts.push(...(await (await log.open()).append([record(`${i}`)])));
      for (const [i, receipt] of receipts.entries()) expect((await proven(one, receipt)).index).toBe(i);
    });
  });
}
