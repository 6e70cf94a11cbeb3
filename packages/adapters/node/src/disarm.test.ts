import fc from 'fast-check';
import { expect, test } from 'vitest';
import { disarmedLine, disarming } from './disarm.ts';

test.each(['##vso[task.complete result=Succeeded]', '##[error]no', 'a ####vso[x]', '#\u0000##vso['])(
  '%j is no command',
  (text) => {
    expect(disarming()(text)).not.toContain('##');
  },
);

test('other text stays as it is', () => {
  expect(disarming()('# one #2 — ✓ dist/a.tgz\n')).toBe('# one #2 — ✓ dist/a.tgz\n');
});

test('in whatever pieces it comes, no mark gets through and nothing else changes', () => {
  const pieces = fc.array(fc.string({ unit: fc.constantFrom('#', 'v', '[', ' ', '\n', '😀') }));
  fc.assert(
    fc.property(pieces, (texts) => {
      const disarm = disarming();
      const made = texts.map((text) => disarm(text)).join('');
      expect(made).not.toContain('##');
      expect(made.replaceAll(/(?<=#) (?=#)/g, '')).toBe(texts.join('').replaceAll(/(?<=#) (?=#)/g, ''));
    }),
  );
});

test('a line for a message has no control or invisible character, and an end', () => {
  expect(disarmedLine(' a\r\n::error::b\u202Ec\u0007 ##vso[x] ')).toBe('a ::error::b c  # #vso[x]');
  expect(disarmedLine('x'.repeat(5000))).toHaveLength(2000);
});
