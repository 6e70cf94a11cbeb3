import { memorySigner, testKeys } from '@signwright/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openCheckpoint, parseCheckpoint, writeCheckpoint } from './checkpoint.ts';
import { EMPTY_ROOT, leafHash } from './merkle.ts';
import { addSignature, signatureLine, signNote, writeNote } from './signed-note.ts';
import { verifierKeyOf } from './verifier-key.ts';

/** The example of C2SP tlog-checkpoint. */
const EXAMPLE = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n';
const ROOT = leafHash(Buffer.from('record'));

test("the specification's example is read, and written the same", () => {
  const checkpoint = parseCheckpoint(EXAMPLE);
  expect(checkpoint).toMatchObject({ origin: 'example.com/behind-the-sofa', size: 20852163 });
  expect(checkpoint.root.toString('base64')).toBe('CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=');
  expect(writeCheckpoint(checkpoint)).toBe(EXAMPLE);
});

test('what is written is read', () => {
  const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(fc.stringMatching(/^[^\n]{1,50}$/), fc.maxSafeNat(), hash, (origin, size, root) => {
      expect(parseCheckpoint(writeCheckpoint({ origin, size, root }))).toEqual({ origin, size, root });
    }),
  );
});

test('extension lines are let be, and empty ones are not', () => {
  expect(parseCheckpoint(`${EXAMPLE}extension\nanother\n`).size).toBe(20852163);
  expect(() => parseCheckpoint(`${EXAMPLE}\n`)).toThrow('has an empty line');
});

const [ORIGIN, SIZE, BASE64] = EXAMPLE.split('\n') as [string, string, string];
test.each([
  ['an empty origin', `\n${SIZE}\n${BASE64}\n`, 'has an empty line'],
  ['two lines', `${ORIGIN}\n${SIZE}\n`, 'has not the lines'],
  ['no line break at its end', EXAMPLE.slice(0, -1), 'has not the lines'],
  ['a leading zero', `${ORIGIN}\n0${SIZE}\n${BASE64}\n`, 'no number in its one form'],
  ['two zeros', `${ORIGIN}\n00\n${BASE64}\n`, 'no number in its one form'],
  ['a sign', `${ORIGIN}\n+${SIZE}\n${BASE64}\n`, 'no number in its one form'],
  ['a negative size', `${ORIGIN}\n-1\n${BASE64}\n`, 'no number in its one form'],
  ['a fraction', `${ORIGIN}\n1.0\n${BASE64}\n`, 'no number in its one form'],
  ['an exponent', `${ORIGIN}\n1e3\n${BASE64}\n`, 'no number in its one form'],
  ['hex', `${ORIGIN}\n0x10\n${BASE64}\n`, 'no number in its one form'],
  ['no size', `${ORIGIN}\n\n${BASE64}\n`, 'no number in its one form'],
  ['a space', `${ORIGIN}\n${SIZE} \n${BASE64}\n`, 'no number in its one form'],
  ['other digits', `${ORIGIN}\n\u0661\n${BASE64}\n`, 'no number in its one form'],
  ['2^53 records', `${ORIGIN}\n9007199254740992\n${BASE64}\n`, 'more than is supported'],
  ['2^63 records', `${ORIGIN}\n9223372036854775808\n${BASE64}\n`, 'more than is supported'],
  ['a size of a thousand digits', `${ORIGIN}\n${'9'.repeat(1000)}\n${BASE64}\n`, 'more than is supported'],
  ['a short root', `${ORIGIN}\n${SIZE}\n${Buffer.alloc(31).toString('base64')}\n`, 'not 32 bytes in base64'],
  ['a long root', `${ORIGIN}\n${SIZE}\n${Buffer.alloc(33).toString('base64')}\n`, 'not 32 bytes in base64'],
  ['a root in base64url', `${ORIGIN}\n${SIZE}\n${BASE64.replace('/', '_')}\n`, 'not 32 bytes in base64'],
  ['a root with spare bits', `${ORIGIN}\n${SIZE}\n${BASE64.replace('2I=', '2J=')}\n`, 'not 32 bytes in base64'],
])('a checkpoint with %s is refused', (_, text, why) => {
  expect(() => parseCheckpoint(text)).toThrow(why);
});

test('nothing is written that would not be read', () => {
  for (const wrong of [
    { origin: 'a\nb' },
    { origin: '' },
    { size: -1 },
    { size: 0.5 },
    { size: 2 ** 53 },
    { root: Buffer.of(1) },
  ]) {
    expect(() => writeCheckpoint({ origin: 'log.example', size: 1, root: ROOT, ...wrong })).toThrow();
  }
});

const LOG = testKeys('ed25519', 'log');
const NEXT = testKeys('p256', 'next');
const keyOf = (name: string, keys: typeof LOG) => verifierKeyOf(name, keys.publicKey, 'log');
async function signed(origin: string, keys: typeof LOG, name = origin): Promise<Buffer> {
  return writeNote(await signNote(writeCheckpoint({ origin, size: 0, root: EMPTY_ROOT }), name, memorySigner(keys)));
}

test('a checkpoint is opened by a key of its log, also while a new one is taking over', async () => {
  const keys = [keyOf('log.example', LOG), keyOf('log.example', NEXT), keyOf('other.example', LOG)];
  for (const by of [LOG, NEXT]) {
    expect(openCheckpoint(await signed('log.example', by), keys, 'here')).toMatchObject({ origin: 'log.example', size: 0 });
  }
  expect(openCheckpoint(await signed('other.example', LOG), keys, 'here').origin).toBe('other.example');
});

test('a checkpoint that names another log than its key is refused', async () => {
  const bytes = await signed('log.example', LOG, 'other.example');
  expect(() => openCheckpoint(bytes, [keyOf('other.example', LOG)], 'here')).toThrow('is of the log "log.example"');
  expect(() => openCheckpoint(bytes, [keyOf('log.example', LOG), keyOf('other.example', LOG)], 'here')).toThrow('is signed by');
});

const failureOf = async (bytes: Buffer, keys: ReturnType<typeof keyOf>[]) => {
  try {
    openCheckpoint(bytes, keys, 'the store');
  } catch (error) {
    return error;
  }
  throw new Error('opened');
};
const id = ({ hash }: { hash: number }): string => `(key ${hash.toString(16).padStart(8, '0')})`;

test("another log's checkpoint is refused with who it is and who was expected", async () => {
  const [mine, theirs] = [keyOf('log.example', LOG), keyOf('other.example', NEXT)];
  expect(await failureOf(await signed('other.example', NEXT), [mine])).toMatchObject({
    code: 'verification',
    where: 'the store',
    message: `the checkpoint is of the log "other.example", signed by "other.example" ${id(theirs)}; expected was "log.example" ${id(mine)}`,
    next: 'this is another log, or its name was changed',
  });
});

test('a changed key is refused with the one found and the one expected', async () => {
  const [mine, theirs] = [keyOf('log.example', LOG), keyOf('log.example', NEXT)];
  expect(await failureOf(await signed('log.example', NEXT), [mine])).toMatchObject({
    code: 'verification',
    message: `the checkpoint is signed by "log.example" ${id(theirs)}; expected was "log.example" ${id(mine)}`,
    next: expect.stringContaining('new verifier key'),
  });
});

test('a changed checkpoint is refused, whatever else signed it', async () => {
  const bytes = (await signed('log.example', LOG)).toString();
  const changed = bytes.replace('\n0\n', '\n1\n');
  expect(await failureOf(Buffer.from(changed), [keyOf('log.example', LOG)])).toMatchObject({
    code: 'verification',
    message: expect.stringContaining('does not hold'),
  });
});

test("a witness's key does not open a checkpoint, even with the log's name", async () => {
  const witness = verifierKeyOf('log.example', LOG.publicKey, 'witness');
  const note = await signNote(
    writeCheckpoint({ origin: 'log.example', size: 0, root: EMPTY_ROOT }),
    'log.example',
    memorySigner(LOG),
  );
  const [by] = note.signatures as [(typeof note.signatures)[0]];
  const renamed = addSignature(note, signatureLine({ ...by, hash: witness.hash }));
  expect(await failureOf(writeNote(renamed), [witness])).toMatchObject({ code: 'verification' });
});
