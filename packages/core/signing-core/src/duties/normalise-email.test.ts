import fc from 'fast-check';
import { expect, test } from 'vitest';
import { normaliseEmail } from './normalise-email.ts';

test.each([
  ['ann@acme.example', 'ann@acme.example'],
  ['Ann@ACME.Example', 'ann@acme.example'],
  ['  <ann@acme.example>\t', 'ann@acme.example'],
  ['ann+release@acme.example', 'ann@acme.example'],
  ['Ann+a+b@acme.example', 'ann@acme.example'],
  ['"ann"@acme.example', 'ann@acme.example'],
  ['an\u200bn@acme.example\u0000', 'ann@acme.example'],
  ['\u00dcmit@acme.example', 'u\u0308mit@acme.example'.normalize('NFC')],
  ['U\u0308MIT@acme.example', '\u00fcmit@acme.example'],
  ['ann@acme.example+tag', 'ann@acme.example+tag'],
  ['+tag@acme.example', '+tag@acme.example'],
  ['a+b@c@acme.example', 'a@acme.example'],
  ['root', 'root'],
  [' <> ', ''],
])('%j is held against others as %j', (written, normal) => {
  expect(normaliseEmail(written)).toBe(normal);
});

test('what is normal stays as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(normaliseEmail(normaliseEmail(text))).toBe(normaliseEmail(text));
    }),
  );
});
