import {
  consistencyProof,
  inclusionProof,
  leafHash,
  treeRoot,
  verifyConsistency,
  verifyInclusion,
} from '@signwright/signing-core';
import { createEditableBlobStore, type EditableBlobStore, testAuditLog } from '@signwright/testkit';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { type AuditLog, type AuditLogOptions, openAuditLog } from './open-audit-log.ts';
import { type OpenLogReader, openLogReader } from './open-log-reader.ts';
import { growingTree } from './tree/edge.ts';

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

const { signer, keys, clock, open, sealBy } = testAuditLog();
const SIZE = 1100;
const records = Array.from({ length: SIZE }, (_, i) => Buffer.from(`{"n":${i}}`));

let blobs: EditableBlobStore;
let reader: OpenLogReader;
beforeAll(async () => {
  blobs = createEditableBlobStore();
  const log = await openOrdered({
    blobs,
    keys,
    clock,
    witnesses: [],
    count: 0,
    signer,
    segments: { open, seal: sealBy(signer) },
  });
  for (let at = 0; at < SIZE; at += 100) await log.append(records.slice(at, at + 100));
  reader = await openLogReader({ blobs, keys });
});

async function read(from: number, to: number, by = reader): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  for await (const { index, bytes } of by.records(from, to)) found.set(index, Buffer.from(bytes).toString());
  return found;
}

describe('a reader', () => {
  test('gives any range of the records, each with its index, in order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(SIZE + 50), fc.nat(SIZE + 50), async (from, to) => {
        const expected = records.slice(from, to).map((bytes, i) => [from + i, bytes.toString()]);
        expect([...(await read(from, to))]).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  test('sees the log as it was when it was opened', async () => {
    const log = await openOrdered({
      blobs,
      keys,
      clock,
      witnesses: [],
      count: 0,
      signer,
      segments: { open, seal: sealBy(signer) },
    });
    const before = blobs.copy();
    await log.append(records);
    expect((await read(SIZE - 2, 5000)).size).toBe(2);
    expect(await read(0, 5000, await openLogReader({ blobs, keys }))).toHaveProperty('size', 2 * SIZE);
    blobs.restore(before);
  });

  test('reads an empty log', async () => {
    const empty = await openLogReader({ blobs: createEditableBlobStore(), keys });
    expect([empty.size, empty.next, empty.note, (await read(0, 10, empty)).size]).toEqual([0, 0, undefined, 0]);
  });

  test('may be left before its end', async () => {
    for await (const { index } of reader.records(0, SIZE)) if (index === 300) break;
  });

  test.each(['tile/entries/001', 'segments/000000000010'])('gives no record that was changed or is missing: %s', async (key) => {
    const before = blobs.copy();
    const { bytes } = (await blobs.get(key))!;
    for (const changed of [
      undefined,
      Buffer.from(bytes).subarray(1),
      Buffer.from(Buffer.from(bytes).toString('latin1').replace('{', '['), 'latin1'),
    ]) {
      blobs.edit(key, changed);
      const fresh = await openLogReader({ blobs, keys });
      await expect(read(0, SIZE, fresh).then(({ size }) => size)).rejects.toMatchObject({ code: 'verification' });
    }
    blobs.restore(before);
  });
});

describe('the tree a reader gives hashes of', () => {
  const roots: Buffer[] = [];
  beforeAll(async () => {
    const tree = growingTree();
    roots.push(await tree.root());
    for (const record of records) {
      tree.add(leafHash(record));
      roots.push(await tree.root());
    }
  });

  test('proves inclusion and consistency for any sizes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: SIZE }), fc.nat(), fc.nat(), async (to, a, b) => {
        const [index, from] = [a % to, b % (to + 1)];
        const [root, fromRoot] = [roots[to]!, roots[from]!];
        expect(await treeRoot(to, reader.hashes)).toEqual(root);
        const inclusion = await inclusionProof(index, to, reader.hashes);
        expect(verifyInclusion({ leaf: leafHash(records[index]!), index, size: to, root, proof: inclusion })).toBe(true);
        const consistency = await consistencyProof(from, to, reader.hashes);
        expect(verifyConsistency({ from, fromRoot, to, toRoot: root, proof: consistency })).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test('gives no hash that the log did not sign', async () => {
    const { bytes } = (await blobs.get('tile/0/002'))!;
    const changed = Uint8Array.from(bytes);
    changed[77]! ^= 4;
    blobs.edit('tile/0/002', changed);
    const fresh = await openLogReader({ blobs, keys });
    await expect(fresh.hashes(0, 600)).rejects.toMatchObject({ code: 'verification', where: 'tile/0/002' });
    blobs.edit('tile/0/002', undefined);
    await expect((await openLogReader({ blobs, keys })).hashes(0, 600)).rejects.toMatchObject({
      message: expect.stringMatching(/missing/),
    });
    blobs.edit('tile/0/002', bytes);
    expect(await fresh.hashes(0, 600)).toEqual(leafHash(records[600]!));
  });
});
