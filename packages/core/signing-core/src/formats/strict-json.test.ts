import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SignwrightError } from '../error.ts';
import { type Json, parseStrictJson } from './strict-json.ts';

const read = (bytes: string | Uint8Array, limits: { maxBytes?: number; maxDepth?: number; maxParts?: number } = {}): Json =>
  parseStrictJson(typeof bytes === 'string' ? Buffer.from(bytes) : bytes, { what: 'the file', maxBytes: 1 << 20, ...limits });

test.each([
  ['twice at the top', '{"a":1,"a":1}'],
  ['twice in an object of a list', '[{"x":[{"a":1,"b":2,"a":3}]}]'],
  ['once plainly and once escaped', '{"a":1,"\\u0061":2}'],
  ['once behind an escaped backslash', '{"\\\\":1,"\\u005c":2}'],
  ['once with an escaped quote', '{"\\"":1,"\\u0022":2}'],
  ['both empty', '{"":1,"":2}'],
  ['apart by a nested object with the same key', '{"a":{"a":1},"a":2}'],
  ['once after a string that looks like an end', '{"a":"}","b":"{\\"a\\":1","a":2}'],
  ['once as a surrogate pair', '{"\u{1f600}":1,"\\ud83d\\ude00":2}'],
])('a key that is there twice is refused: %s', (_, text) => {
  expect(() => read(text)).toThrow(/^the file: has the key ".*" twice \(at character \d+\)$/);
});

test('the same key in different objects, or as a value, is no duplicate', () => {
  expect(read('{"a":{"a":"a"},"b":["a","a",{"a":1},{"a":2}]}')).toEqual({ a: { a: 'a' }, b: ['a', 'a', { a: 1 }, { a: 2 }] });
});

test.each([
  ['__proto__', '{"__proto__":{"admin":true}}'],
  ['__proto__, escaped and deep', '[{"x":{"\\u005f_proto__":1}}]'],
  ['half a surrogate pair in a value', '{"a":"\\ud800"}'],
  ['half a surrogate pair in a key', '{"\\uDFFF":1}'],
])('what readers take for different things is refused: %s', (_, text) => {
  expect(() => read(text)).toThrow(SignwrightError);
});

test.each([
  ['nothing', Buffer.alloc(0), 'is empty'],
  ['a byte order mark', Buffer.from('\ufeff{}'), 'is not JSON'],
  ['UTF-16', Buffer.from('{}', 'utf16le'), 'is not JSON'],
  ['a stray byte', Buffer.from([0x22, 0xff, 0x22]), 'is not UTF-8'],
  ['an overlong slash', Buffer.from([0x22, 0xc0, 0xaf, 0x22]), 'is not UTF-8'],
  ['an encoded surrogate', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), 'is not UTF-8'],
  ['something behind the end', Buffer.from('{} {}'), 'is not JSON'],
  ['a NUL behind the end', Buffer.from('{}\0'), 'is not JSON'],
  ['a comment', Buffer.from('{}//'), 'is not JSON'],
  ['a truncated object', Buffer.from('{"a":'), 'is not JSON'],
])('%s is refused', (_, bytes, why) => {
  expect(() => read(bytes)).toThrow(`the file: ${why}`);
});

test('size and nesting have limits, and the limits themselves pass', () => {
  expect(read('[1,2]', { maxBytes: 5 })).toEqual([1, 2]);
  expect(() => read('[1, 2]', { maxBytes: 5 })).toThrow('6 bytes; at most 5 are read');
  const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
  expect(() => read(nested(64))).not.toThrow();
  expect(() => read(nested(65))).toThrow('nested more than 64 deep');
  expect(() => read('{"a":{"b":[1]}}', { maxDepth: 2 })).toThrow('nested more than 2 deep');
  expect(() => read(nested(200_000))).toThrow('nested more than 64 deep');
});

test('a message never carries control characters of the input to a terminal', () => {
  for (const text of [
    '\u001b[2J{',
    '{"\u009b2J":1,"\u009b2J":1}',
    `{"${'k'.repeat(5000)}":1,"${'k'.repeat(5000)}":1}`,
    '\u202e"',
  ]) {
    const message = (() => {
      try {
        return String(read(text));
      } catch (error) {
        return (error as Error).message;
      }
    })();
    expect(message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(message.length).toBeLessThan(300);
  }
});

test('JSON without duplicates is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'grapheme' }), fc.nat(3), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      fc.pre(!text.includes('"__proto__"'));
      expect(read(text, { maxDepth: 1000 })).toEqual(JSON.parse(text));
    }),
  );
});

test('any object with one of its keys written again is refused', () => {
  const key = fc.string({ unit: 'grapheme' }).filter((text) => text !== '__proto__');
  fc.assert(
    fc.property(fc.dictionary(key, fc.jsonValue(), { minKeys: 1 }), fc.nat(), fc.boolean(), (object, pick, escaped) => {
      fc.pre(!JSON.stringify(object).includes('"__proto__"'));
      const again = Object.keys(object)[pick % Object.keys(object).length] as string;
      const written = escaped ? `"${[...again].flatMap(escapeUnits).join('')}"` : JSON.stringify(again);
      expect(() => read(`${JSON.stringify(object).slice(0, -1)},${written}:0}`)).toThrow('twice');
    }),
  );
});

function escapeUnits(character: string): string[] {
  return character.split('').map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

test('more values than a reader accepts are refused before they are read', () => {
  const list = (length: number): string => JSON.stringify(Array.from({ length }, () => ({})));
  expect(read(list(10), { maxParts: 20 })).toHaveLength(10);
  expect(() => read(list(11), { maxParts: 20 })).toThrow('the file: has more than 20 values');
  expect(() => read('['.repeat(21), { maxParts: 20, maxDepth: 64 })).toThrow('has more than 20 values');
});
