import { sign, verify } from 'node:crypto';
import { testKeys } from '@signwright/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readEcdsa } from './ecdsa-signature.ts';

test.each([
  ['p256', 32],
  ['p384', 48],
] as const)('what OpenSSL signs on %s side by side holds in DER', (type, size) => {
  const { privateKey, publicKey } = testKeys(type);
  for (let round = 0; round < 64; round++) {
    const message = Buffer.from(`message ${round}`);
    const raw = sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' });
    expect(verify('sha256', message, publicKey, readEcdsa(raw, size, 'x'))).toBe(true);
  }
});

test('every r and s is written as the shortest positive integer', () => {
  const half = fc.uint8Array({ minLength: 32, maxLength: 32 }).filter((bytes) => bytes.some((byte) => byte !== 0));
  fc.assert(
    fc.property(half, half, (r, s) => {
      const der = Buffer.from(readEcdsa(Buffer.concat([r, s]), 32, 'x'));
      expect(der.subarray(0, 2)).toEqual(Buffer.of(0x30, der.length - 2));
      let rest = der.subarray(2);
      for (const wanted of [r, s]) {
        const length = rest[1] as number;
        const value = rest.subarray(2, 2 + length);
        expect(rest[0]).toBe(0x02);
        expect(value[0]).toBeLessThan(0x80);
        expect(value[0] !== 0 || (value[1] as number) >= 0x80).toBe(true);
        expect(BigInt(`0x${value.toString('hex')}`)).toBe(BigInt(`0x${Buffer.from(wanted).toString('hex')}`));
        rest = rest.subarray(2 + length);
      }
      expect(rest).toHaveLength(0);
    }),
  );
});
