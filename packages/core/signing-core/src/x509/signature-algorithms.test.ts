import { sign } from 'node:crypto';
import { type TestKeyType, testKeys } from '@signwright/testkit';
import { expect, test } from 'vitest';
import { holds } from './signature-algorithms.ts';

const message = Buffer.from('signed');
const by = (type: TestKeyType, algorithm: string, hash: string | null = 'sha256'): boolean => {
  const { privateKey, publicKey } = testKeys(type);
  return holds({ message, algorithm, signature: sign(hash, message, privateKey) }, publicKey);
};
const [ECDSA_SHA256, ECDSA_SHA384, RSA_SHA256, ED25519] = [
  '1.2.840.10045.4.3.2',
  '1.2.840.10045.4.3.3',
  '1.2.840.113549.1.1.11',
  '1.3.101.112',
];

test('a signature holds by the algorithm it names', () => {
  expect(by('p256', ECDSA_SHA256)).toBe(true);
  expect(by('p384', ECDSA_SHA384, 'sha384')).toBe(true);
  expect(by('rsa2048', RSA_SHA256)).toBe(true);
  expect(by('ed25519', ED25519, null)).toBe(true);
});

test.each([
  ['another hash than it names', () => by('p256', ECDSA_SHA256, 'sha384')],
  ['a key of another kind than it names', () => by('p256', RSA_SHA256)],
  ['an RSA key of 1024 bits', () => by('rsa1024', RSA_SHA256)],
  ['a P-521 key', () => by('p521', ECDSA_SHA256)],
  ['an algorithm nobody accepts', () => by('p256', '1.2.840.10045.4.1', 'sha1')],
  ['an algorithm called like a property of every object', () => by('p256', 'constructor')],
])('a signature by %s does not', (_, judge) => {
  expect(judge()).toBe(false);
});
