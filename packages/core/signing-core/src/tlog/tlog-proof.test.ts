import fc from 'fast-check';
import { expect, test } from 'vitest';
import { leafHash } from './merkle.ts';
import { parseTlogProof, type TlogProof, writeTlogProof } from './tlog-proof.ts';

const HASHES = ['a', 'b', 'c'].map((text) => leafHash(Buffer.from(text)));
const CHECKPOINT = Buffer.from('log.example\n5\nroot\n\n— log.example c2lnbmF0dXJl\n');
const PROOF: TlogProof = { index: 4, hashes: HASHES, checkpoint: CHECKPOINT, extra: Buffer.from('the record') };
const TEXT = writeTlogProof(PROOF).toString();

const read = (text: string): TlogProof => parseTlogProof(Buffer.from(text));

test('a proof is written as C2SP tlog-proof has it', () => {
  const [a, b, c] = HASHES.map((hash) => hash.toString('base64'));
  expect(TEXT).toBe(`c2sp.org/tlog-proof@v1\nextra dGhlIHJlY29yZA==\nindex 4\n${a}\n${b}\n${c}\n\n${CHECKPOINT.toString()}`);
  expect(writeTlogProof({ index: 0, hashes: [], checkpoint: CHECKPOINT }).toString()).toBe(
    `c2sp.org/tlog-proof@v1\nindex 0\n\n${CHECKPOINT.toString()}`,
  );
});

test('what is written is read', () => {
  const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes));
  const extra = fc.option(
    fc.uint8Array({ minLength: 1, maxLength: 65_535 }).map((bytes) => Buffer.from(bytes)),
    { nil: undefined },
  );
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.array(hash, { maxLength: 63 }), extra, (index, hashes, record) => {
      const proof = { index, hashes, checkpoint: CHECKPOINT, ...(record ? { extra: record } : {}) };
      expect(parseTlogProof(writeTlogProof(proof))).toEqual(proof);
    }),
  );
});

test('the largest record fits', () => {
  const extra = Buffer.alloc(65_535, 'x');
  const checkpoint = Buffer.alloc(64 * 1024, 'x');
  const proof = {
    index: Number.MAX_SAFE_INTEGER,
    hashes: Array.from({ length: 63 }, () => HASHES[0] as Buffer),
    checkpoint,
    extra,
  };
  expect(parseTlogProof(writeTlogProof(proof))).toEqual(proof);
});

const [HASH] = TEXT.split('\n').slice(3) as [string];
test.each([
  ['nothing in it', '', 'has no empty line before its checkpoint'],
  ['another header', TEXT.replace('@v1', '@v2'), 'does not begin with c2sp.org/tlog-proof@v1'],
  ['a byte order mark', `\ufeff${TEXT}`, 'does not begin with'],
  ['an empty line before it', `\n\n${TEXT}`, 'does not begin with'],
  ['carriage returns', TEXT.replaceAll('\n', '\r\n'), 'has no empty line'],
  ['one carriage return', TEXT.replace('index 4\n', 'index 4\r\n'), 'has no index in its one form'],
  ['no index', TEXT.replace('index 4\n', ''), 'has no index in its one form'],
  ['an index with a leading zero', TEXT.replace('index 4', 'index 04'), 'has no index in its one form'],
  ['a negative index', TEXT.replace('index 4', 'index -4'), 'has no index in its one form'],
  ['an index in hex', TEXT.replace('index 4', 'index 0x4'), 'has no index in its one form'],
  ['two spaces', TEXT.replace('index 4', 'index  4'), 'has no index in its one form'],
  ['an index of 2^53', TEXT.replace('index 4', 'index 9007199254740992'), 'more than is supported'],
  ['an index of 2^63', TEXT.replace('index 4', 'index 9223372036854775808'), 'more than is supported'],
  ['two indices', TEXT.replace('index 4', 'index 4\nindex 4'), 'is not base64 in its one form'],
  ['extra data after the index', TEXT.replace(/(extra .*)\n(index 4)/, '$2\n$1'), 'is not base64 in its one form'],
  ['extra data twice', TEXT.replace(/(extra .*\n)/, '$1$1'), 'has no index in its one form'],
  ['an empty line of extra data', TEXT.replace(/extra .*/, 'extra '), 'has an empty line of extra data'],
  ['extra data in base64url', TEXT.replace(/extra .*/, 'extra _-8='), 'has extra data that is not base64'],
  ['extra data without padding', TEXT.replace('ZA==', 'ZA'), 'has extra data that is not base64'],
  ['extra data of NULs', TEXT.replace(/extra .*/, 'extra \0\0\0\0'), 'has extra data that is not base64'],
  ['a short hash', TEXT.replace(HASH, Buffer.alloc(31).toString('base64')), 'has a hash (0) of 31 bytes'],
  ['a long hash', TEXT.replace(HASH, Buffer.alloc(33).toString('base64')), 'has a hash (0) of 33 bytes'],
  ['a hash with a space', TEXT.replace(HASH, `${HASH} `), 'has a hash (0) that is not base64'],
  ['an umlaut in a hash', TEXT.replace(HASH, `ü${HASH.slice(1)}`), 'has a hash (0) that is not base64'],
  ['64 hashes', TEXT.replace(HASH, `${HASH}\n`.repeat(62).trimEnd()), 'has 64 hashes; no tree is that high'],
  ['no checkpoint', TEXT.slice(0, TEXT.indexOf('\n\n') + 2), 'has a checkpoint of 0 bytes'],
  ['a checkpoint of more than 64 KiB', TEXT + 'x'.repeat(65_536), 'has a checkpoint of'],
  ['more than 256 KiB', TEXT + 'x'.repeat(262_144), 'at most 262144 are read'],
])('a proof with %s is refused', (_, text, why) => {
  expect(() => read(text)).toThrow(why);
});

test('whatever the bytes, a proof is read back the same or refused by name', () => {
  fc.assert(
    fc.property(fc.nat(TEXT.length - 1), fc.uint8Array({ minLength: 1, maxLength: 3 }), (at, noise) => {
      const bytes = Buffer.from(TEXT);
      bytes.set(noise.subarray(0, bytes.length - at), at);
      try {
        expect(writeTlogProof(parseTlogProof(bytes))).toEqual(bytes);
      } catch (error) {
        expect(error).toMatchObject({ code: 'invalid-input' });
      }
    }),
    { numRuns: 2000 },
  );
});
