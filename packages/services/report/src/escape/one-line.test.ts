import fc from 'fast-check';
import { expect, test } from 'vitest';
import { oneLine } from './one-line.ts';

test('what breaks lines, moves the cursor or reorders text stays visible as an escape', () => {
  expect(oneLine('a\nb\u001b[31m\u202e')).toBe('a\\u{a}b\\u{1b}[31m\\u{202e}');
});

test('ordinary names in any script stay as they are', () => {
  for (const name of ['dist/a b-1.0.tgz', 'größe/ファイル.txt', 'c::d', 'a##b', 'C:\\x']) expect(oneLine(name)).toBe(name);
});

test('different texts stay different, those that look like escapes too', () => {
  expect(oneLine('\\u{a}')).not.toBe(oneLine('\n'));
  const texts = fc
    .array(fc.constantFrom('\\', 'u{a}', '\n', '#', '##', '[', ':', '::', ' ', '\\u{23}', '\\u{3a}', '\\u{5c}'))
    .map((all) => all.join(''));
  fc.assert(
    fc.property(texts, texts, (a, b) => {
      expect(oneLine(a) === oneLine(b)).toBe(a === b);
    }),
    { numRuns: 2000 },
  );
});
