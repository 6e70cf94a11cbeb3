import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkName, MAX_NAME } from './artifact.ts';

test.each(['a', 'dist/app-1.0.tgz', 'a b/c d', 'Grüße/日本語.txt', '-rf', '...', '.hidden', 'a:b', 'x'.repeat(MAX_NAME)])(
  'the name %j has one written form and is accepted',
  (name) => {
    expect(checkName(name)).toBe(name);
  },
);

test.each([
  ['', 'is empty'],
  ['x'.repeat(MAX_NAME + 1), 'is longer than'],
  ['a\nb', 'control character'],
  ['a\0', 'control character'],
  ['a\u0085b', 'control character'],
  ['a\u2028b', 'control character'],
  ['a\\b', 'backslash'],
  ['a\ud800b', 'not valid Unicode'],
  ['a\ufffdb', 'not valid Unicode'],
  ['e\u0301', 'normal form C'],
  ['/a', 'plain relative path'],
  ['a/', 'plain relative path'],
  ['a//b', 'plain relative path'],
  ['./a', 'plain relative path'],
  ['a/../b', 'plain relative path'],
  ['..', 'plain relative path'],
])('the name %j is refused', (name, why) => {
  expect(() => checkName(name)).toThrow(why);
});

test('a name that is accepted stays below the folder it is put into', () => {
  const part = fc.constantFrom('a', '..', '.', '', 'b c', 'é', 'e\u0301', '\\', '\n');
  fc.assert(
    fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
      const name = parts.join('/');
      try {
        checkName(name);
      } catch {
        return;
      }
      expect(new URL(`file:///tree/${encodeURI(name)}`).pathname).toBe(`/tree/${encodeURI(name)}`);
    }),
  );
});
