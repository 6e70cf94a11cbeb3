import { createHash, generateKeyPairSync, privateEncrypt, sign, verify } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { derSignature, operationOf, signingKeyOf } from './operation.ts';

const message = Buffer.from('what is signed');
const digestBy = (hash: string): Buffer => createHash(hash).update(message).digest();

describe('a signature of a token', () => {
  test.each([
    ['prime256v1', 'sha256'],
    ['secp384r1', 'sha384'],
  ])('by %s, r and s, becomes what OpenSSL verifies', (namedCurve, hash) => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
    // As often as it takes for numbers with leading zeros and high bits to come up.
    for (let count = 0; count < 300; count++) {
      const raw = sign(hash, message, { key: privateKey, dsaEncoding: 'ieee-p1363' });
      expect(verify(hash, message, publicKey, derSignature(raw))).toBe(true);
    }
  });

  test('in DER has two shortest positive integers of the same value', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.uint8Array({ minLength: 32, maxLength: 32 }), (r, s) => {
        const der = derSignature(Buffer.concat([r, s]));
        expect(der[0]).toBe(0x30);
        expect(der[1]).toBe(der.length - 2);
        let at = 2;
        for (const number of [r, s]) {
          expect(der[at]).toBe(0x02);
          const value = der.subarray(at + 2, at + 2 + (der[at + 1] as number));
          expect(BigInt(`0x${value.toString('hex')}`)).toBe(BigInt(`0x${Buffer.from(number).toString('hex')}`));
          expect((value[0] as number) < 0x80).toBe(true);
          if (value.length > 1 && value[0] === 0) expect((value[1] as number) >= 0x80).toBe(true);
          at += 2 + value.length;
        }
        expect(at).toBe(der.length);
      }),
    );
  });

  test('by RSA is asked for over DigestInfo, which is what verifiers expect', () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const request = { algorithm: 'rsa-pkcs1-sha256', digest: digestBy('sha256') } as const;
    const operation = operationOf(signingKeyOf(publicKey), request);
    expect(operation.mechanism).toBe(1);
    const signature = operation.finish(privateEncrypt(privateKey, operation.data));
    expect(verify('sha256', message, publicKey, signature)).toBe(true);
  });

  test('by Ed25519 is asked for over the message, by any ECDSA key over the digest', () => {
    const ed25519 = signingKeyOf(generateKeyPairSync('ed25519').publicKey);
    const digest = digestBy('sha512');
    expect(operationOf(ed25519, { algorithm: 'ed25519', digest, message })).toMatchObject({ mechanism: 0x1057, data: message });
    const p384 = signingKeyOf(generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).publicKey);
    const short = operationOf(p384, { algorithm: 'ecdsa-p384-sha256', digest: digestBy('sha256'), message });
    expect(short).toMatchObject({ mechanism: 0x1041, data: digestBy('sha256') });
  });

  test('of another length than its algorithm has is refused', () => {
    const key = signingKeyOf(generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey);
    const operation = operationOf(key, { algorithm: 'ecdsa-p256-sha256', digest: digestBy('sha256') });
    expect(() => operation.finish(Buffer.alloc(96))).toThrow(/returned 96 bytes as ecdsa-p256-sha256, which has 64/);
  });
});
