import { softwareSecurityKey } from '@signwright/testkit';
import { expect, test } from 'vitest';
import { allowedSignersLine } from './allowed-signers.ts';
import { parseSshPublicKey } from './ssh-public-key.ts';

const key = parseSshPublicKey(softwareSecurityKey().line);
const namespaces = ['https://signwright.dev/approval/v1'];

test('an allowed signer is written as ssh-keygen(1) says: principal, namespaces, times in UTC, key without comment', () => {
  expect(allowedSignersLine({ principal: 'ann', namespaces, key })).toBe(
    `ann namespaces="https://signwright.dev/approval/v1" ${key.line}`,
  );
  const [validAfter, validBefore] = [new Date('2026-01-01T00:00:00Z'), new Date('2026-12-31T12:30:00Z')];
  expect(allowedSignersLine({ principal: 'ann', namespaces: ['git', ...namespaces], key, validAfter, validBefore })).toBe(
    `ann namespaces="git,https://signwright.dev/approval/v1",valid-after="20260101000000Z",valid-before="20261231122959Z" ${key.line}`,
  );
});

test('of a time between two seconds no more is let in than it says', () => {
  const [validAfter, validBefore] = [new Date('2026-01-01T00:00:00.001Z'), new Date('2026-01-01T00:00:09.001Z')];
  expect(allowedSignersLine({ principal: 'ann', namespaces, key, validAfter, validBefore })).toContain(
    'valid-after="20260101000001Z",valid-before="20260101000009Z"',
  );
});

test.each(['', 'ann lee', 'ann\t', 'ann\n', '*', 'a?n', '!ann', '#ann', 'ann,bob', '"ann"', 'a\\n', 'änn', 'x'.repeat(1001)])(
  'a name that the file would take for something else is refused: %j',
  (name) => {
    expect(() => allowedSignersLine({ principal: name, namespaces, key })).toThrow(/cannot say the principal/);
    expect(() => allowedSignersLine({ principal: 'ann', namespaces: [name], key })).toThrow(/cannot say the namespace/);
  },
);

test('times that ssh-keygen would take for none are refused, and so is a key that may sign nothing', () => {
  for (const time of [new Date(0), new Date(Number.NaN), new Date(Date.UTC(10_000, 0))]) {
    expect(() => allowedSignersLine({ principal: 'ann', namespaces, key, validBefore: time })).toThrow(/cannot say the time/);
    expect(() => allowedSignersLine({ principal: 'ann', namespaces, key, validAfter: time })).toThrow(/cannot say the time/);
  }
  expect(() => allowedSignersLine({ principal: 'ann', namespaces: [], key })).toThrow(/nothing that the key may sign/);
});
