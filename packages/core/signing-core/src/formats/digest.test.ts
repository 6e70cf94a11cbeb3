import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { canonicalJson } from './canonical-json.ts';
import { bytesOf, canonicalDigest, hexOf, isSha256, parseSha256, sha256 } from './digest.ts';
import { type Json, parseStrictJson } from './strict-json.ts';

const VECTORS = new URL('vectors/', import.meta.url);
const vectors = readdirSync(VECTORS).map((name) => [name, readFileSync(new URL(name, VECTORS))] as const);

test.each(vectors)('canonical JSON of %s is as RFC 8785 has it', (_, bytes) => {
  const { input, expect: expected } = JSON.parse(bytes.toString()) as { input: string; expect: string };
  expect(canonicalJson(parseStrictJson(Buffer.from(input), { what: 'the vector', maxBytes: 65_536 }))).toBe(expected);
});

test('the vectors are there', () => {
  expect(vectors.length).toBe(4);
});

test('formatting and order do not change a canonical digest, any value does', () => {
  const digest = (text: string): string => canonicalDigest(JSON.parse(text) as Json);
  expect(digest('{"b":[1,2.0],\n "a":"\\u0061"}')).toBe(digest('{"a":"a","b":[1,2]}'));
  expect(digest('{"a":"a","b":[2,1]}')).not.toBe(digest('{"a":"a","b":[1,2]}'));
  expect(digest('{"a":"1"}')).not.toBe(digest('{"a":1}'));
  expect(digest('{"a":1}')).toBe(sha256('{"a":1}'));
});

test('what has no canonical form has no digest', () => {
  for (const value of [Number.POSITIVE_INFINITY, Number.NaN, ['\ud800'], { '\udfff': 1 }]) {
    expect(() => canonicalDigest(value)).toThrow(expect.objectContaining({ code: 'invalid-input' }));
  }
});

const EMPTY = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

test('a digest has one written form', () => {
  expect(sha256('')).toBe(EMPTY);
  expect(parseSha256(EMPTY)).toBe(EMPTY);
  expect(hexOf(EMPTY)).toBe(EMPTY.slice(7));
  expect(Buffer.from(bytesOf(EMPTY)).toString('hex')).toBe(hexOf(EMPTY));
  for (const other of [
    EMPTY.toUpperCase(),
    EMPTY.slice(0, -1),
    `${EMPTY}0`,
    `${EMPTY}\n`,
    ` ${EMPTY}`,
    EMPTY.slice(7),
    EMPTY.replace('256', '512'),
    '',
  ]) {
    expect(isSha256(other)).toBe(false);
    expect(() => parseSha256(other)).toThrow(expect.objectContaining({ code: 'usage' }));
  }
});
