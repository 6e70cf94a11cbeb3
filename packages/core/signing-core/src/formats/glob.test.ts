import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileGlob, hasControlCharacter } from './glob.ts';

const matches = (pattern: string, text: string): boolean => compileGlob(pattern)(text);

test.each([
  ['acme/*', 'acme/x'],
  ['acme/*', 'acme/x.y-z'],
  ['acme/*.tgz', 'acme/.tgz'],
  ['acme/a*b*c', 'acme/abbbcabc'],
  ['acme/**', 'acme/x'],
  ['acme/**', 'acme/x/y/z'],
  ['acme/**/z', 'acme/z'],
  ['acme/**/z', 'acme/x/y/z'],
  ['**/z', 'z'],
  ['**', 'a/b'],
  ['**/b/**/b', 'a/b/b/c/b'],
  ['refs/heads/*', 'refs/heads/main'],
  ['a?c[d].{e}', 'a?c[d].{e}'],
  ['a?c/*', 'a?c/x'],
  ['https://git.example/acme/**', 'https://git.example/acme/app'],
])('%s matches %s', (pattern, text) => {
  expect(matches(pattern, text)).toBe(true);
});

test.each([
  ['acme/*', 'acme-evil/x', 'a longer owner'],
  ['acme/*', 'evil/acme/x', 'something before'],
  ['acme/*', 'acme/x/y', 'a star that crosses a slash'],
  ['acme/*', 'acme/', 'an empty part'],
  ['acme/*', 'acme', 'no part'],
  ['acme/*', 'ACME/x', 'another case'],
  ['acme/*', 'acme/x\n', 'a trailing newline'],
  ['acme/*', 'acme/x\0', 'a NUL'],
  ['acme/*', 'acme/\u0085x', 'a C1 control'],
  ['acme/*', 'acme/x\u2028', 'a line separator'],
  ['acme/*', 'acme//x', 'a double slash'],
  ['acme/*', 'acme/..', 'a part that leads out'],
  ['acme/**', 'acme/../evil', 'a path that leads out'],
  ['acme/**', 'acme/./x', 'a part that stands still'],
  ['acme/**', 'acme//x', 'a double slash under two stars'],
  ['acme/**', 'acme/x/', 'a trailing slash'],
  ['acme/**', 'acme', 'two stars that stand for nothing at the end'],
  ['**/z', '/z', 'a leading slash'],
  ['**/z', 'a//z', 'a double slash before'],
  ['**', '', 'nothing'],
  ['*', '', 'nothing'],
  ['acme/*', 'acm\u0435/x', 'a Cyrillic letter'],
  ['https://git.example/acme/**', 'https://git.example.evil/acme/app', 'a longer host'],
  ['a?c', 'abc', 'a question mark as a wildcard'],
  ['a.c', 'abc', 'a dot as a wildcard'],
  ['[ab]/*', 'a/x', 'a class'],
  ['refs/heads/main', 'refs/heads/main\n', 'a newline behind an exact match'],
  ['refs/heads/main', 'Refs/heads/main', 'another case of an exact match'],
])('%s does not match %j: %s', (pattern, text) => {
  expect(matches(pattern, text)).toBe(false);
});

test.each(['a**', '**a', 'x/a**/y', '***'])('%s is refused, for its meaning would be a guess', (pattern) => {
  expect(() => compileGlob(pattern)).toThrow('must stand alone between slashes');
});

test('control characters are those of C0, DEL, C1 and the separators, and no others', () => {
  const controls = ['\0', '\x1f', '\x7f', '\x80', '\x9f', '\u2028', '\u2029'];
  expect(controls.filter((character) => !hasControlCharacter(`a${character}b`))).toEqual([]);
  expect(['', ' ', '~', '\xa0', '\u2027', '\u202a', '\u{1f600}'].filter((text) => hasControlCharacter(text))).toEqual([]);
});

/** The meaning, written as slowly and plainly as possible. */
function plainly(pattern: readonly string[], text: readonly string[]): boolean {
  const [part, ...rest] = pattern;
  if (part === undefined) return text.length === 0;
  const [piece, ...after] = text;
  if (part === '**') {
    const one = piece !== undefined && piece !== '' && (plainly(pattern, after) || (rest.length === 0 && after.length === 0));
    return one || (rest.length > 0 && plainly(rest, text));
  }
  return piece !== undefined && plainPart(part, piece, part === '*') && plainly(rest, after);
}

function plainPart(part: string, piece: string, some: boolean): boolean {
  if (part === '') return piece === '';
  if (part[0] !== '*') return part[0] === piece[0] && plainPart(part.slice(1), piece.slice(1), false);
  return (!some && plainPart(part.slice(1), piece, false)) || (piece !== '' && plainPart(part, piece.slice(1), false));
}

const piece = fc.string({ unit: fc.constantFrom('a', 'b', '-'), maxLength: 4 });
const part = fc.oneof(
  fc.constant('**'),
  fc.string({ unit: fc.constantFrom('a', 'b', '-', '*'), maxLength: 5 }).filter((text) => !text.includes('**')),
);

test('a pattern means what it plainly says', () => {
  fc.assert(
    fc.property(
      fc.array(part, { minLength: 1, maxLength: 6 }),
      fc.array(piece, { minLength: 1, maxLength: 6 }),
      (pattern, text) => {
        expect(matches(pattern.join('/'), text.join('/'))).toBe(
          pattern.join('/').includes('*') ? plainly(pattern, text) : pattern.join('/') === text.join('/'),
        );
      },
    ),
    { numRuns: 5000 },
  );
});

test('a pattern without a star matches itself and nothing else', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (pattern, text) => {
      fc.pre(!pattern.includes('*'));
      expect(matches(pattern, text)).toBe(pattern === text);
      expect(matches(pattern, pattern)).toBe(true);
    }),
  );
});

test('patterns made to be slow are matched quickly', () => {
  const stars = `${'a*'.repeat(200)}b`;
  const parts = `${'**/a/'.repeat(200)}b`;
  const begun = performance.now();
  expect(matches(stars, 'a'.repeat(20_000))).toBe(false);
  expect(matches(parts, 'a/'.repeat(20_000).slice(0, -1))).toBe(false);
  expect(performance.now() - begun).toBeLessThan(2000);
});
