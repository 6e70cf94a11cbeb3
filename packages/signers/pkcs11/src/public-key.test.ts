import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type KeyFacts, publicKeyFrom } from './public-key.ts';

const P256 = Buffer.from('06082a8648ce3d030107', 'hex');
const ec = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey;
const ed25519 = generateKeyPairSync('ed25519').publicKey;
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
const part = (key: KeyObject, name: string): Buffer =>
  Buffer.from((key.export({ format: 'jwk' }) as { [name: string]: string })[name] ?? '', 'base64url');
const point = Buffer.concat([Buffer.of(4), part(ec, 'x'), part(ec, 'y')]);
const octets = (bytes: Buffer): Buffer => Buffer.concat([Buffer.of(4, bytes.length), bytes]);

describe('a public key is read', () => {
  const edwards = { keyType: 0x40, ecParams: Buffer.from('130c656477617264733235353139', 'hex') };
  const x = part(ed25519, 'x');
  test.each<[string, KeyFacts, KeyObject]>([
    ['from a point in an OCTET STRING, as PKCS#11 has it', { keyType: 3, ecParams: P256, ecPoint: octets(point) }, ec],
    ['from a point without one, as some modules do', { keyType: 3, ecParams: P256, ecPoint: point }, ec],
    ['from an Ed25519 point in an OCTET STRING', { ...edwards, ecPoint: octets(x) }, ed25519],
    ['from 32 bytes of Ed25519', { ...edwards, ecParams: Buffer.from('06032b6570', 'hex'), ecPoint: x }, ed25519],
    ['from an Ed25519 BIT STRING', { ...edwards, ecPoint: Buffer.concat([Buffer.of(3, 33, 0), x]) }, ed25519],
    ['from modulus and exponent', { keyType: 0, modulus: part(rsa, 'n'), publicExponent: part(rsa, 'e') }, rsa],
    [
      'from a modulus with a leading zero',
      { keyType: 0, modulus: Buffer.concat([Buffer.of(0), part(rsa, 'n')]), publicExponent: part(rsa, 'e') },
      rsa,
    ],
    ['from its SubjectPublicKeyInfo', { keyType: 3, publicKeyInfo: ec.export({ type: 'spki', format: 'der' }) }, ec],
  ])('%s', (_, facts, expected) => {
    expect(publicKeyFrom(facts)?.equals(expected)).toBe(true);
  });

  test.each<[string, KeyFacts]>([
    [
      'a point that is not on its curve',
      { keyType: 3, ecParams: P256, ecPoint: octets(Buffer.concat([Buffer.of(4), Buffer.alloc(64, 1)])) },
    ],
    ['a key without its point', { keyType: 3, ecParams: P256 }],
    ['another Edwards curve', { keyType: 0x40, ecParams: Buffer.from('06032b6571', 'hex'), ecPoint: x }],
    ['a modulus alone', { keyType: 0, modulus: part(rsa, 'n') }],
  ])('from nothing but that, and not from %s', (_, facts) => {
    expect(publicKeyFrom(facts)).toBeUndefined();
  });
});
