import { memorySigner, type TestKeys, testKeys } from '@signwright/testkit';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { sha256 } from '../formats/digest.ts';
import { writeRecord } from '../records/write-record.ts';
import { writeCheckpoint } from './checkpoint.ts';
import { cosign } from './cosignature.ts';
import { type HashReader, inclusionProof, leafHash, nodeHash, treeRoot } from './merkle.ts';
import { addSignature, type Note, signNote, writeNote } from './signed-note.ts';
import { parseTlogProof, type TlogProof, writeTlogProof } from './tlog-proof.ts';
import { verifierKeyOf } from './verifier-key.ts';
import { type RecordProof, verifyRecordProof } from './verify-record-proof.ts';

const LOG = testKeys('ed25519', 'log');
const KEY = verifierKeyOf('log.example', LOG.publicKey, 'log');
const witnessOf = (name: string, keys: TestKeys = testKeys('ed25519', name)) => ({
  name,
  signer: memorySigner(keys),
  key: verifierKeyOf(name, keys.publicKey, 'witness'),
});
const [ONE, TWO] = [witnessOf('one.example'), witnessOf('two.example')];
const AT = new Date('2026-06-01T12:00:00Z');

const RECORDS = Array.from({ length: 7 }, (_, at) =>
  writeRecord({ event: 'segment-refused', time: AT.toISOString(), segment: at, digest: sha256(`${at}`), reason: 'a test' }),
);
const LEAVES = RECORDS.map((record) => leafHash(record));
const read: HashReader = async (level, index) =>
  level === 0 ? (LEAVES[index] as Buffer) : nodeHash(await read(level - 1, 2 * index), await read(level - 1, 2 * index + 1));

async function checkpointOf(size: number, origin = 'log.example'): Promise<Note> {
  return signNote(writeCheckpoint({ origin, size, root: await treeRoot(size, read) }), origin, memorySigner(LOG));
}

/** The proof of the fifth of seven records, cosigned, with parts replaced. */
async function proofOf(witnesses: readonly (typeof ONE)[] = [ONE, TWO], change: Partial<TlogProof> = {}): Promise<Buffer> {
  let note = await checkpointOf(RECORDS.length);
  for (const { name, signer } of witnesses) note = addSignature(note, await cosign(note, name, signer, AT));
  const parts = {
    index: 4,
    hashes: await inclusionProof(4, 7, read),
    checkpoint: writeNote(note),
    extra: Buffer.from(RECORDS[4] ?? []),
  };
  return writeTlogProof({ ...parts, ...change });
}
const verify = (bytes: Uint8Array, witnesses = [ONE, TWO], count = witnesses.length, keys = [KEY]): RecordProof =>
  verifyRecordProof(bytes, { keys, witnesses: witnesses.map(({ key }) => key), count }, 'here');

let good: Buffer;
beforeAll(async () => {
  good = await proofOf();
});

test('a proof yields the record, where it is, and who vouches for it', async () => {
  expect(verify(good)).toEqual({
    status: 'proven',
    record: { id: sha256(RECORDS[4] ?? ''), record: expect.objectContaining({ event: 'segment-refused', segment: 4 }) },
    bytes: Buffer.from(RECORDS[4] ?? []),
    index: 4,
    checkpoint: { origin: 'log.example', size: 7, root: await treeRoot(7, read) },
    signedBy: [expect.objectContaining({ name: 'log.example' })],
    witnesses: [
      { name: 'one.example', at: AT },
      { name: 'two.example', at: AT },
    ],
  });
  expect(verify(good, [], 0).witnesses).toEqual([]);
});

test('too few cosignatures are said to be too few, and are no failure', async () => {
  const once = await proofOf([ONE]);
  expect(verify(once, [ONE, TWO], 1).status).toBe('proven');
  expect(verify(once, [ONE, TWO], 2)).toMatchObject({
    status: 'not-witnessed',
    witnesses: [{ name: 'one.example', at: AT }],
    index: 4,
  });
  expect(verify(once, [TWO], 1)).toMatchObject({ status: 'not-witnessed', witnesses: [] });
});

test('one key under two names is one witness, and the key of the log is none', async () => {
  const again = witnessOf('again.example', testKeys('ed25519', 'one.example'));
  const self = witnessOf('log.example', LOG);
  expect(verify(await proofOf([ONE, again]), [ONE, again], 2)).toMatchObject({
    status: 'not-witnessed',
    witnesses: [{ name: 'one.example' }],
  });
  expect(verify(await proofOf([self]), [self], 1)).toMatchObject({ status: 'not-witnessed', witnesses: [] });
});

test('a cosignature that was tampered with fails the proof', async () => {
  const bytes = good.toString();
  const line = bytes.split('\n').find((one) => one.startsWith('— two.example')) as string;
  const [, , base64] = line.split(' ') as [string, string, string];
  const signature = Buffer.from(base64, 'base64');
  signature.writeUInt8((signature[40] as number) ^ 1, 40);
  expect(() => verify(Buffer.from(bytes.replace(base64, signature.toString('base64'))))).toThrow(
    /the cosignature by "two\.example" .* does not hold/,
  );
});

test.each([
  ['another record', async () => ({ extra: Buffer.from(RECORDS[3] ?? []) })],
  ['another index', async () => ({ index: 3 })],
  ['an index behind the log', async () => ({ index: 7 })],
  ['one hash less', async () => ({ hashes: (await inclusionProof(4, 7, read)).slice(1) })],
  ['the checkpoint of a smaller log', async () => ({ checkpoint: writeNote(await checkpointOf(6)) })],
])('a proof with %s fails', async (_, change) => {
  const bytes = await proofOf([], await change());
  expect(() => verify(bytes, [])).toThrow('the proof does not lead from the record at');
});

test("another log's proof fails, and one without a record is no proof of ours", async () => {
  const elsewhere = await proofOf([], { checkpoint: writeNote(await checkpointOf(7, 'other.example')) });
  expect(() => verify(elsewhere, [])).toThrow('the checkpoint is of the log "other.example"');
  const { extra: _, ...bare } = parseTlogProof(good);
  expect(() => verify(writeTlogProof(bare))).toThrow('the proof carries no record');
  expect(() => verifyRecordProof(good, { keys: [], witnesses: [], count: 0 })).toThrow('expected was no log');
});

test('a record of a later version is proven as well', async () => {
  const extra = Buffer.from('{"event":"later"}');
  const note = await signNote(
    writeCheckpoint({ origin: 'log.example', size: 1, root: leafHash(extra) }),
    'log.example',
    memorySigner(LOG),
  );
  expect(verify(writeTlogProof({ index: 0, hashes: [], checkpoint: writeNote(note), extra }), [])).toMatchObject({
    status: 'proven',
    record: { record: { event: 'unknown' } },
    bytes: extra,
  });
});

test('no changed bit of a proof goes unnoticed', () => {
  fc.assert(
    fc.property(fc.nat(good.length * 8 - 1), (bit) => {
      const bytes = Buffer.from(good);
      bytes.writeUInt8((bytes[bit >> 3] as number) ^ (1 << (bit & 7)), bit >> 3);
      let answer: RecordProof['status'] | undefined;
      try {
        answer = verify(bytes).status;
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(/^(verification|invalid-input)$/) });
      }
      // A change in a witness's name or key ID makes it an unknown one's.
      expect(answer).not.toBe('proven');
    }),
    { numRuns: 3000 },
  );
});
