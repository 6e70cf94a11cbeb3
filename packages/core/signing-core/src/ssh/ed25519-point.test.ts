import { ED25519_TORSION_SUBGROUP, ed25519 } from '@noble/curves/ed25519.js';
import { testKeys } from '@signwright/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isEd25519Point } from './ed25519-point.ts';

/** What an implementation of the curve says, by the strict rules of RFC 8032. */
function isPoint(bytes: Uint8Array): boolean {
  try {
    return !ed25519.Point.fromBytes(bytes, false).isSmallOrder();
  } catch {
    return false;
  }
}

test('a key that was made is a point', () => {
  const x = testKeys('ed25519').publicKey.export({ format: 'jwk' }).x ?? '';
  expect(isEd25519Point(Buffer.from(x, 'base64url'))).toBe(true);
});

test('any 32 bytes are one where an implementation of the curve says so', () => {
  let points = 0;
  const property = fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
    points += isEd25519Point(bytes) ? 1 : 0;
    expect(isEd25519Point(bytes)).toBe(isPoint(bytes));
  });
  fc.assert(property, { numRuns: 200 });
  expect(points).toBeGreaterThan(20);
  expect(points).toBeLessThan(180);
});

test('points of small order are none, with either sign', () => {
  for (const hex of ED25519_TORSION_SUBGROUP) {
    const bytes = Buffer.from(hex, 'hex');
    expect([hex, isEd25519Point(bytes)]).toEqual([hex, false]);
    bytes.writeUInt8(bytes.readUInt8(31) ^ 0x80, 31);
    expect([hex, isEd25519Point(bytes)]).toEqual([hex, false]);
  }
});

test('a point in a second encoding is none, nor is anything of another length', () => {
  // y = p + 3 and p + 4 encode 3 and 4, of which one is a point.
  const p = Buffer.from('edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', 'hex');
  for (let more = 0; more < 19; more++) {
    const bytes = Buffer.from(p);
    bytes.writeUInt8(0xed + more, 0);
    expect(isEd25519Point(bytes)).toBe(false);
  }
  expect([0, 31, 33].map((length) => isEd25519Point(Buffer.alloc(length, 3)))).toEqual([false, false, false]);
});
