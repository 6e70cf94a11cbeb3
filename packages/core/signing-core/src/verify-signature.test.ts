import { createHash, generateKeyPairSync, privateEncrypt, sign } from 'node:crypto';
import { testKeys } from '@signwright/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { algorithmsOf, keyIdOf, readPublicKey, SIGNATURE_ALGORITHMS } from './keys.ts';
import { signWithKey } from './sign-with-key.ts';
import { verifyDigest, verifyMessage } from './verify-signature.ts';

const message = Buffer.from('the bytes');
const digestOf = (hash: string): Buffer => createHash(hash).update(message).digest();

const PREHASHED = [
  ['p256', 'sha256'],
  ['p384', 'sha256'],
  ['p384', 'sha384'],
  ['rsa2048', 'sha256'],
] as const;

test.each(PREHASHED)('a %s signature over %s by Node verifies by message and by digest', async (type, hash) => {
  const { privateKey, publicKey } = testKeys(type);
  const signature = sign(hash, message, privateKey);
  expect(verifyMessage(publicKey, signature, message)).toBe(true);
  expect(await verifyDigest(publicKey, signature, digestOf(hash), hash)).toBe(true);
  expect(verifyMessage(publicKey, signature, Buffer.from('other bytes'))).toBe(false);
  expect(await verifyDigest(publicKey, signature, createHash(hash).update('other').digest(), hash)).toBe(false);
  expect(verifyMessage(testKeys(type, 'other').publicKey, signature, message)).toBe(false);
  expect(await verifyDigest(testKeys(type, 'other').publicKey, signature, digestOf(hash), hash)).toBe(false);
});

test.each(PREHASHED)('a %s signature over %s with any bit flipped verifies neither way', async (type, hash) => {
  const { privateKey, publicKey } = testKeys(type);
  const signature = sign(hash, message, privateKey);
  await fc.assert(
    fc.asyncProperty(fc.nat(signature.length * 8 - 1), async (bit) => {
      const flipped = Buffer.from(signature);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(verifyMessage(publicKey, flipped, message)).toBe(false);
      expect(await verifyDigest(publicKey, flipped, digestOf(hash), hash)).toBe(false);
    }),
    { numRuns: 40 },
  );
});

test('signatures with a high S, as Go and OpenSSL make them, and with a low one verify both ways', async () => {
  const { privateKey, publicKey } = testKeys('p256');
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const raw = sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  const s = BigInt(`0x${raw.subarray(32).toString('hex')}`);
  for (const each of [s, order - s]) {
    const signature = derOf(raw.subarray(0, 32), Buffer.from(each.toString(16).padStart(64, '0'), 'hex'));
    expect(verifyMessage(publicKey, signature, message)).toBe(true);
    expect(await verifyDigest(publicKey, signature, digestOf('sha256'), 'sha256')).toBe(true);
  }
  expect(await verifyDigest(publicKey, raw, digestOf('sha256'), 'sha256')).toBe(false);
});

function derOf(...numbers: readonly Buffer[]): Buffer {
  const parts = numbers.map((number) => {
    const first = number.findIndex((byte) => byte !== 0);
    const bytes = Buffer.concat([(number[first] as number) >= 0x80 ? Buffer.of(0) : Buffer.alloc(0), number.subarray(first)]);
    return Buffer.concat([Buffer.of(2, bytes.length), bytes]);
  });
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.of(0x30, body.length), body]);
}

test('an empty, truncated or foreign signature is no error, only no signature', async () => {
  for (const [type, hash] of PREHASHED) {
    for (const bytes of [Buffer.alloc(0), Buffer.of(0x30), Buffer.alloc(256), Buffer.alloc(1000, 1)]) {
      expect(verifyMessage(testKeys(type).publicKey, bytes, message)).toBe(false);
      expect(await verifyDigest(testKeys(type).publicKey, bytes, digestOf(hash), hash)).toBe(false);
    }
  }
  expect(verifyMessage(testKeys('ed25519').publicKey, Buffer.alloc(3), message)).toBe(false);
});

test('a key counts for its own hashes alone', async () => {
  const p256 = testKeys('p256');
  const sha384 = sign('sha384', message, p256.privateKey);
  expect(verifyMessage(p256.publicKey, sha384, message)).toBe(false);
  expect(await verifyDigest(p256.publicKey, sha384, digestOf('sha384'), 'sha384')).toBe(false);
  const rsa = testKeys('rsa2048');
  const sha512 = sign('sha512', message, rsa.privateKey);
  expect(verifyMessage(rsa.publicKey, sha512, message)).toBe(false);
  expect(await verifyDigest(rsa.publicKey, sha512, digestOf('sha512'), 'sha512')).toBe(false);
  const sha1 = sign('sha1', message, rsa.privateKey);
  expect(verifyMessage(rsa.publicKey, sha1, message)).toBe(false);
});

test('an RSA signature over a bare digest, without the hash it is by, is refused', async () => {
  const { privateKey, publicKey } = testKeys('rsa2048');
  const bare = privateEncrypt(privateKey, digestOf('sha256'));
  expect(await verifyDigest(publicKey, bare, digestOf('sha256'), 'sha256')).toBe(false);
  expect(await verifyDigest(publicKey, bare, digestOf('sha256'), 'unknown')).toBe(false);
});

test('Ed25519 signs messages: checking by digest says what to give instead', async () => {
  const { privateKey, publicKey } = testKeys('ed25519');
  const signature = sign(null, message, privateKey);
  expect(verifyMessage(publicKey, signature, message)).toBe(true);
  expect(verifyMessage(publicKey, signature, Buffer.from('other'))).toBe(false);
  await expect(verifyDigest(publicKey, signature, digestOf('sha256'), 'sha256')).rejects.toMatchObject({
    code: 'usage',
    next: expect.stringContaining('give the file'),
  });
});

test.each([
  ['RSA 1024', () => testKeys('rsa1024').publicKey, 'RSA key of 1024 bits'],
  ['RSA with exponent 3', () => generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }).publicKey, 'exponent 3'],
  ['RSA-PSS', () => testKeys('rsa-pss').publicKey, 'rsa-pss'],
  ['P-521', () => testKeys('p521').publicKey, 'secp521r1'],
  ['secp256k1', () => generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey, 'secp256k1'],
  ['X25519', () => generateKeyPairSync('x25519').publicKey, 'x25519'],
  ['DSA', () => generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 }).publicKey, 'dsa'],
])('a key of %s is refused by name, however it is used', async (_, key, named) => {
  expect(() => algorithmsOf(key())).toThrow(named);
  expect(() => verifyMessage(key(), Buffer.alloc(64), message)).toThrow(named);
  await expect(verifyDigest(key(), Buffer.alloc(64), digestOf('sha256'), 'sha256')).rejects.toThrow(named);
});

test.each([
  ['p256', 'ecdsa-p256-sha256'],
  ['p384', 'ecdsa-p384-sha256'],
  ['p384', 'ecdsa-p384-sha384'],
  ['rsa2048', 'rsa-pkcs1-sha256'],
  ['ed25519', 'ed25519'],
] as const)('what a %s key signs by %s verifies, from the message and from its digest', async (type, algorithm) => {
  const { privateKey, publicKey } = testKeys(type);
  const digest = createHash(SIGNATURE_ALGORITHMS[algorithm].hash).update(message).digest();
  expect(verifyMessage(publicKey, await signWithKey(privateKey, { algorithm, digest, message }), message)).toBe(true);
  const prehashed = signWithKey(privateKey, { algorithm, digest });
  if (type === 'ed25519') await expect(prehashed).rejects.toMatchObject({ code: 'configuration' });
  else expect(verifyMessage(publicKey, await prehashed, message)).toBe(true);
});

test('a key refuses to sign what is not its own: another algorithm, a digest of another message or length', async () => {
  const { privateKey } = testKeys('p256');
  const digest = digestOf('sha256');
  await expect(signWithKey(privateKey, { algorithm: 'rsa-pkcs1-sha256', digest })).rejects.toThrow('ecdsa-p256-sha256');
  await expect(signWithKey(privateKey, { algorithm: 'ecdsa-p256-sha256', digest, message: Buffer.from('x') })).rejects.toThrow(
    'not the one of the message',
  );
  await expect(signWithKey(privateKey, { algorithm: 'ecdsa-p256-sha256', digest: digest.subarray(1) })).rejects.toThrow(
    '32 bytes',
  );
});

test('a public key is read from SPKI in PEM and nothing else, and its id is the hash bundles hint by', () => {
  const { publicKey, privateKey } = testKeys('p256');
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const read = readPublicKey(pem, 'k.pub');
  expect(read.equals(publicKey)).toBe(true);
  expect(keyIdOf(read)).toBe(
    createHash('sha256')
      .update(publicKey.export({ type: 'spki', format: 'der' }))
      .digest('base64'),
  );
  const secret = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  for (const other of [secret, '', 'ssh-ed25519 AAAA', pem.replace(/[A-Z]{4}/, '!!!!'), pem + 'x'.repeat(20_000)]) {
    expect(() => readPublicKey(other, 'k.pub')).toThrow(expect.objectContaining({ code: 'configuration', where: 'k.pub' }));
  }
});
