import { createHash, type KeyObject, sign } from 'node:crypto';
import { basicConstraints, keyUsage, type TestKeyType, testAuthority, testCertificate, testKeys } from '@signwright/testkit';
import { expect, test } from 'vitest';
import { type Bundle, parseBundle, writeBundle } from './bundle.ts';
import { keyIdOf } from './keys.ts';
import { parseTrustRoot } from './trust-root.ts';
import { type SignedFile, type VerifiedBundle, verifyBundle } from './verify-bundle.ts';

const authority = testAuthority();
const root = parseTrustRoot(authority.trustedRoot(), authority.issuers(), 'test');
const FILE = Buffer.from('the bytes of the file');
const whole: SignedFile = { message: FILE };
const streamed: SignedFile = { digest: async (hash) => createHash(hash).update(FILE).digest() };

type Options = { hash?: string; certified?: boolean; timestamped?: boolean };
/** A file signature as other tools make it. */
function fileBundle(type: TestKeyType, { hash = 'sha256', certified = false, timestamped = certified }: Options = {}): Bundle {
  const keys = testKeys(type);
  const signature = sign(type === 'ed25519' ? null : hash, FILE, keys.privateKey);
  return parseBundle(
    writeBundle({
      content: { type: 'message', hash, digest: createHash(hash).update(FILE).digest(), signature },
      key: certified ? { type: 'certificate', der: authority.leaf({ keys }).der } : { type: 'public-key', hint: 'whatever' },
      timestamps: timestamped ? [authority.timestamp(signature)] : [],
    }),
  );
}
const verify = (bundle: Bundle, file: SignedFile | undefined, key?: KeyObject): Promise<VerifiedBundle> =>
  verifyBundle(bundle, { root, keyFor: () => key, ...(file ? { file } : {}) });

test.each([
  ['p256', 'sha256'],
  ['p384', 'sha256'],
  ['p384', 'sha384'],
  ['rsa2048', 'sha256'],
] as const)('a file signed by a %s key over %s verifies from its bytes and from its digest', async (type, hash) => {
  const { publicKey } = testKeys(type);
  for (const file of [whole, streamed]) {
    expect(await verify(fileBundle(type, { hash }), file, publicKey)).toEqual({
      author: { type: 'key', keyId: keyIdOf(publicKey) },
      times: [],
      development: false,
      reliedOn: [],
    });
    expect(await verify(fileBundle(type, { hash, certified: true }), file)).toMatchObject({
      author: { type: 'certificate', issuer: 'https://issuer.example' },
      times: [{ authority: 'CN=test TSA' }],
    });
  }
});

test.each(['sha256', 'sha512'])('a file signed by an Ed25519 key, under %s, verifies from its bytes alone', async (hash) => {
  const { publicKey } = testKeys('ed25519');
  expect((await verify(fileBundle('ed25519', { hash }), whole, publicKey)).author).toEqual({
    type: 'key',
    keyId: keyIdOf(publicKey),
  });
  await expect(verify(fileBundle('ed25519', { hash }), streamed, publicKey)).rejects.toMatchObject({ code: 'usage' });
});

test('a bundle for another file is refused, from its bytes and from its digest', async () => {
  const other = Buffer.from('another file');
  const digest: SignedFile = { digest: async (hash) => createHash(hash).update(other).digest() };
  for (const file of [{ message: other }, digest]) {
    await expect(verify(fileBundle('p256'), file, testKeys('p256').publicKey)).rejects.toMatchObject({
      refusal: 'wrong-subject',
    });
  }
});

test('a digest that is right over a signature that is not, is not enough', async () => {
  for (const file of [whole, streamed]) {
    await expect(verify(fileBundle('p256'), file, testKeys('p256', 'other').publicKey)).rejects.toMatchObject({
      refusal: 'bad-signature',
    });
  }
});

test.each([
  ['p256', 'sha384'],
  ['p256', 'sha512'],
  ['rsa2048', 'sha512'],
] as const)('a %s key does not sign files by %s', async (type, hash) => {
  await expect(verify(fileBundle(type, { hash }), whole, testKeys(type).publicKey)).rejects.toMatchObject({
    refusal: 'bad-signature',
    message: `its key does not sign ${hash} digests`,
  });
});

test.each(['p521', 'rsa1024'] as const)('a %s key is refused by name', async (type) => {
  await expect(verify(fileBundle(type), whole, testKeys(type).publicKey)).rejects.toMatchObject({
    refusal: 'bad-signature',
    message: expect.stringContaining('is not accepted'),
  });
});

test('a key nobody gave is refused', async () => {
  await expect(verify(fileBundle('p256'), whole)).rejects.toMatchObject({ refusal: 'key-not-listed' });
});

test('a certificate needs a trusted time and a trust root; a key needs neither', async () => {
  await expect(verify(fileBundle('p256', { certified: true, timestamped: false }), whole)).rejects.toMatchObject({
    refusal: 'no-trusted-time',
  });
  const noRoot = { keyFor: () => testKeys('p256').publicKey, file: whole };
  await expect(verifyBundle(fileBundle('p256', { certified: true }), noRoot)).rejects.toMatchObject({
    refusal: 'no-trusted-time',
  });
  expect((await verifyBundle(fileBundle('p256', { timestamped: true }), noRoot)).times).toEqual([]);
});

test('a file signature without a file to hold it against is refused', async () => {
  await expect(verify(fileBundle('p256'), undefined, testKeys('p256').publicKey)).rejects.toMatchObject({
    refusal: 'wrong-predicate',
  });
});

test('of several authorities, the one that issued the certificate says what is wrong with it', async () => {
  const other = testCertificate({ subject: 'other CA', extensions: [basicConstraints(true), keyUsage(0x04)] });
  const chains = [{ chain: [other.der] }, { chain: [authority.ca.der, authority.root.der] }];
  const both = parseTrustRoot(authority.trustedRoot({ certificateAuthorities: chains }), undefined, 'test');
  const reversed = { ...both, certificateAuthorities: both.certificateAuthorities.toReversed() };
  const late = authority.leaf({ keys: testKeys('p256'), notBefore: new Date('2026-06-02T00:00:00Z') });
  const bundle = { ...fileBundle('p256', { certified: true }), key: { type: 'certificate' as const, der: late.der } };
  for (const each of [both, reversed]) {
    await expect(verifyBundle(bundle, { root: each, keyFor: () => undefined, file: whole })).rejects.toThrow('was valid from');
  }
});
