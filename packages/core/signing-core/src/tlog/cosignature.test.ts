import { sign } from 'node:crypto';
import { memorySigner, testKeys } from '@signwright/testkit';
import { expect, test } from 'vitest';
import { writeCheckpoint } from './checkpoint.ts';
import { cosign, verifyCosignatures } from './cosignature.ts';
import { leafHash } from './merkle.ts';
import { addSignature, type Note, parseNote, signNote, writeNote } from './signed-note.ts';
import { verifierKeyOf } from './verifier-key.ts';

const TEXT = writeCheckpoint({ origin: 'log.example', size: 1, root: leafHash(Buffer.from('record')) });
const AT = new Date('2026-06-01T12:00:00.900Z');
const witness = (name: string) => {
  const keys = testKeys('ed25519', name);
  return { keys, signer: memorySigner(keys), key: verifierKeyOf(name, keys.publicKey, 'witness') };
};
const [ONE, TWO] = [witness('one.example'), witness('two.example')];
const signed = (): Promise<Note> => signNote(TEXT, 'log.example', memorySigner(testKeys('p256', 'log')));

test('cosignatures tell which witnesses saw a checkpoint, and when, to the second', async () => {
  let note = await signed();
  note = addSignature(note, await cosign(note, 'one.example', ONE.signer, AT));
  note = addSignature(note, await cosign(note, 'two.example', TWO.signer, new Date(0)));
  expect(verifyCosignatures(parseNote(writeNote(note)), [TWO.key, ONE.key])).toEqual([
    { witness: TWO.key, at: new Date(0) },
    { witness: ONE.key, at: new Date('2026-06-01T12:00:00Z') },
  ]);
  expect(verifyCosignatures(note, [ONE.key])).toHaveLength(1);
  expect(verifyCosignatures(note, [])).toEqual([]);
  expect(verifyCosignatures(await signed(), [ONE.key, TWO.key])).toEqual([]);
});

test('the line has the form C2SP tlog-cosignature gives it: name, key ID, time, signature', async () => {
  const line = await cosign(await signed(), 'one.example', ONE.signer, new Date(1_679_315_147_000));
  const [dash, name, base64] = line.split(' ') as [string, string, string];
  const bytes = Buffer.from(base64, 'base64');
  expect([dash, name, bytes.length]).toEqual(['—', 'one.example', 76]);
  expect([bytes.readUInt32BE(0), bytes.readBigUInt64BE(4)]).toEqual([ONE.key.hash, 1_679_315_147n]);
});

test('a witness that cosigned twice counts once, with the newer time', async () => {
  const note = await signed();
  const [older, newer] = [
    await cosign(note, 'one.example', ONE.signer, new Date(1000)),
    await cosign(note, 'one.example', ONE.signer, AT),
  ];
  for (const lines of [`${newer}\n${older}\n`, `${older}\n${newer}\n`]) {
    const twice = parseNote(Buffer.concat([writeNote(note), Buffer.from(lines)]));
    expect(verifyCosignatures(twice, [ONE.key])).toEqual([{ witness: ONE.key, at: new Date('2026-06-01T12:00:00Z') }]);
  }
  expect(addSignature(addSignature(note, older), newer).signatures).toHaveLength(2);
});

test('a cosignature by a known witness that does not hold is an error that names it; by an unknown one it is nothing', async () => {
  const note = await signed();
  const cosigned = addSignature(note, await cosign(note, 'one.example', ONE.signer, AT));
  const last = cosigned.signatures.at(-1) as Note['signatures'][0];
  const bad = (signature: Buffer): Note => ({ ...note, signatures: [...note.signatures, { ...last, signature }] });
  const flipped = (at: number): Buffer => Buffer.from(last.signature.map((byte, index) => (index === at ? byte ^ 1 : byte)));
  const huge = Buffer.from(last.signature);
  huge.writeBigUInt64BE(2n ** 63n);
  for (const note of [
    ...Array.from({ length: 72 }, (_, at) => bad(flipped(at))),
    bad(Buffer.alloc(0)),
    bad(last.signature.subarray(8)),
    bad(huge),
  ]) {
    expect(() => verifyCosignatures(note, [ONE.key])).toThrow(
      /the cosignature by "one\.example" \(key [0-9a-f]{8}\) does not hold/,
    );
    expect(verifyCosignatures(note, [TWO.key])).toEqual([]);
  }
  expect(() => verifyCosignatures({ ...cosigned, text: TEXT.replace('\n1\n', '\n2\n') }, [ONE.key])).toThrow('does not hold');
});

test('a time that no calendar has does not count, though the witness signed it', async () => {
  const note = await signed();
  const cosignedAt = (seconds: bigint): Note => {
    const time = Buffer.alloc(8);
    time.writeBigUInt64BE(seconds);
    const signature = Buffer.concat([
      time,
      sign(null, Buffer.from(`cosignature/v1\ntime ${seconds}\n${TEXT}`), ONE.keys.privateKey),
    ]);
    return { ...note, signatures: [...note.signatures, { name: 'one.example', hash: ONE.key.hash, signature }] };
  };
  expect(verifyCosignatures(cosignedAt(8_640_000_000_000n), [ONE.key])).toHaveLength(1);
  for (const seconds of [8_640_000_000_001n, 2n ** 53n, 2n ** 63n - 1n]) {
    expect(() => verifyCosignatures(cosignedAt(seconds), [ONE.key])).toThrow('does not hold');
  }
});

test("a signature without a time, as a log makes it, is no cosignature: the key's ID differs", async () => {
  const note = await signNote(TEXT, 'one.example', ONE.signer);
  expect(verifyCosignatures(note, [ONE.key])).toEqual([]);
  expect(verifyCosignatures(note, [verifierKeyOf('one.example', ONE.keys.publicKey, 'witness')])).toEqual([]);
  expect(() => verifyCosignatures(note, [verifierKeyOf('one.example', ONE.keys.publicKey, 'log')])).toThrow('does not hold');
});

test('only checkpoints are cosigned, and only by Ed25519 keys', async () => {
  await expect(cosign({ text: 'anything\n', signatures: [] }, 'one.example', ONE.signer, AT)).rejects.toMatchObject({
    code: 'invalid-input',
  });
  const p256 = memorySigner(testKeys('p256'));
  await expect(cosign(await signed(), 'one.example', p256, AT)).rejects.toThrow(
    /an EC prime256v1 key cannot sign for the witness/,
  );
});
