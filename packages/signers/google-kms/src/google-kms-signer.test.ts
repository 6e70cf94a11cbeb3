import { createHash, generateKeyPairSync, verify } from 'node:crypto';
import { type GoogleKmsReference, parseKeyReference, type Signer } from '@signwright/signing-core';
import {
  type FakeGoogleKms,
  type GoogleKmsFault,
  type GoogleKmsRequest,
  type RemoteKeyFault,
  remoteSignerContract,
  signerContract,
  startFakeGoogleKms,
  type TestKeyType,
  testKeys,
} from '@signwright/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { createGoogleKmsSigner, type GoogleKmsOptions } from './index.ts';

const VERSION = 'projects/acme/locations/europe-north1/keyRings/signing/cryptoKeys/release/cryptoKeyVersions/1';
const REFERENCE = parseKeyReference(`gcpkms://${VERSION}`) as GoogleKmsReference;
const SECRET = 'what-google-wrote-and-nobody-shows';

const started: FakeGoogleKms[] = [];
afterEach(async () => {
  for (const fake of started.splice(0)) await fake.close();
});

async function withKey(type: TestKeyType = 'p256', algorithm?: string): Promise<FakeGoogleKms> {
  const fake = await startFakeGoogleKms();
  started.push(fake);
  fake.addKey(VERSION, testKeys(type), algorithm);
  return fake;
}

const open = (fake: FakeGoogleKms, options: GoogleKmsOptions = {}): Promise<Signer> =>
  createGoogleKmsSigner(REFERENCE, { ...options, environment: { SIGNWRIGHT_GCPKMS_EMULATOR_HOST: fake.host } });

for (const type of ['p256', 'p384', 'rsa2048', 'ed25519'] as const)
  signerContract(`Google Cloud KMS with a key of type ${type}`, async () => open(await withKey(type), testKeys(type)));

/** As Google words them. */
const FAULTS: {
  readonly [fault in Exclude<RemoteKeyFault, 'down'>]: (method: string, nth: number) => GoogleKmsFault | undefined;
} = {
  'no permission to read the key': (method) => (method === 'GetPublicKey' ? denied('viewPublicKey') : undefined),
  'no permission to sign': (method) => (method === 'AsymmetricSign' ? denied('useToSign') : undefined),
  'no such key': () => ({ code: 5, message: `CryptoKeyVersion ${VERSION} not found.` }),
  disabled: () => ({ code: 9, message: `${VERSION} is not enabled, current state is: DISABLED.` }),
  throttled: () => ({ code: 8, message: `Quota exceeded for quota metric 'Cryptographic requests'. ${SECRET}` }),
  'throttled twice': (_, nth) => (nth < 2 ? { code: 8, message: 'Quota exceeded' } : undefined),
  broken: () => ({ code: 13, message: `Internal error encountered. ${SECRET}` }),
  silent: () => 'hang',
};

function denied(permission: string): GoogleKmsFault {
  const message = `Permission 'cloudkms.cryptoKeyVersions.${permission}' denied on resource '${VERSION}' (or it may not exist).`;
  return { code: 7, message, reason: 'IAM_PERMISSION_DENIED' };
}

const isSign = ({ method }: GoogleKmsRequest): boolean => method === 'AsymmetricSign';

remoteSignerContract('Google Cloud KMS', async () => {
  const fake = await withKey();
  return {
    open: (options) => open(fake, options),
    async fault(fault) {
      if (fault === 'down') return fake.close();
      const from = fake.requests.length;
      fake.fault = ({ method }, number) => (fault === undefined ? undefined : FAULTS[fault](method, number - from));
    },
    faults: [...(Object.keys(FAULTS) as RemoteKeyFault[]), 'down'],
    permission: {
      read: /grant cloudkms\.cryptoKeyVersions\.viewPublicKey .*roles\/cloudkms\.publicKeyViewer/,
      sign: /grant cloudkms\.cryptoKeyVersions\.useToSign .*roles\/cloudkms\.signer/,
    },
    signRequests: () => fake.requests.filter(isSign).length,
    secrets: [SECRET],
  };
});

const digest = createHash('sha256').update('message').digest();
const sign = async (signer: Signer): Promise<Uint8Array> => signer.sign({ algorithm: 'ecdsa-p256-sha256', digest });

describe('Google Cloud KMS', () => {
  test('is sent the digest and its checksum, never the message', async () => {
    const fake = await withKey();
    await (await open(fake)).sign({ algorithm: 'ecdsa-p256-sha256', digest, message: Buffer.from('message') });
    const body = fake.requests.at(-1)?.body;
    expect(Buffer.from(body?.digest?.sha256 as Uint8Array)).toEqual(digest);
    expect(Number(body?.digestCrc32c?.value)).toBeGreaterThan(0);
    expect(body?.name).toBe(VERSION);
    expect(Buffer.from((body?.data ?? []) as Uint8Array)).toHaveLength(0);
  });

  test('is sent, for P-384 with SHA-256, the digest as a number of 48 bytes, which is the same to ECDSA', async () => {
    const fake = await withKey('p384');
    const signature = await (await open(fake)).sign({ algorithm: 'ecdsa-p384-sha256', digest });
    const sent = Buffer.from(fake.requests.at(-1)?.body.digest?.sha384 as Uint8Array);
    expect(sent).toEqual(Buffer.concat([Buffer.alloc(16), digest]));
    expect(verify('sha256', Buffer.from('message'), testKeys('p384').publicKey, signature)).toBe(true);
  });

  test.each([
    ['the signature is not what its checksum says', { signatureCrc32c: { value: 1 } }],
    ['the signature has no checksum', { signatureCrc32c: null }],
    ['the signature is empty', { signature: Buffer.alloc(0) }],
    ['Google did not verify what was sent', { verifiedDigestCrc32c: false }],
    ['another version answers', { name: VERSION.replace(/1$/, '2') }],
  ])('where %s, it is asked again, and at last said to be corrupted in transit', async (_, say) => {
    const fake = await withKey();
    const signer = await open(fake);
    let wrong = 2;
    fake.fault = () => (wrong-- > 0 ? { say } : undefined);
    expect(verify('sha256', Buffer.from('message'), testKeys().publicKey, await sign(signer))).toBe(true);
    expect(fake.requests.filter(isSign)).toHaveLength(3);
    fake.fault = () => ({ say });
    await expect(sign(signer)).rejects.toMatchObject({ code: 'invalid-input', message: /corrupted in transit/ });
    expect(fake.requests.filter(isSign)).toHaveLength(8);
  });

  test.each([
    ['is not what its checksum says', { pemCrc32c: { value: 1 } }],
    ['has no checksum', { pemCrc32c: null }],
    ['is of another version', { name: VERSION.replace(/1$/, '2') }],
  ])('a public key that %s is not believed', async (_, say) => {
    const fake = await withKey();
    fake.fault = () => ({ say });
    await expect(open(fake)).rejects.toMatchObject({ code: 'invalid-input', message: /corrupted in transit/ });
    fake.fault = (_request, number) => (number < 7 ? { say } : undefined);
    await expect(open(fake)).resolves.toBeDefined();
  });

  test.each([
    ['rsa2048', 'RSA_SIGN_PSS_2048_SHA256'],
    ['rsa2048', 'RSA_SIGN_RAW_PKCS1_2048'],
    ['rsa2048', 'RSA_SIGN_PKCS1_4096_SHA512'],
    ['rsa2048', 'RSA_DECRYPT_OAEP_2048_SHA256'],
    ['p256', 'HMAC_SHA256'],
    ['p256', 'EC_SIGN_P384_SHA384'],
    ['p256', 'PQ_SIGN_ML_DSA_65'],
  ] as const)(
    'a key (%s) with the algorithm %s is refused by name, and those that are accepted are named',
    async (type, algorithm) => {
      await expect(open(await withKey(type, algorithm))).rejects.toMatchObject({
        code: 'configuration',
        message: expect.stringMatching(new RegExp(`is ${algorithm}; allowed are EC_SIGN_P256_SHA256, EC_SIGN_P384_SHA384`)),
        where: REFERENCE.text,
        next: expect.stringContaining('ec-sign-p256-sha256'),
      });
    },
  );

  test('a key on secp256k1 is refused by name', async () => {
    const fake = await withKey();
    fake.addKey(VERSION, generateKeyPairSync('ec', { namedCurve: 'secp256k1' }), 'EC_SIGN_SECP256K1_SHA256');
    await expect(open(fake)).rejects.toMatchObject({
      code: 'configuration',
      message: /is EC_SIGN_SECP256K1_SHA256; allowed are/,
    });
  });

  test('a key without a public key in PEM is refused by its algorithm', async () => {
    const fake = await withKey('p256', 'PQ_SIGN_ML_DSA_65');
    fake.fault = () => ({ say: { pem: '', pemCrc32c: { value: 0 } } });
    await expect(open(fake)).rejects.toMatchObject({ code: 'configuration', message: /is PQ_SIGN_ML_DSA_65/ });
  });

  test('that answers more than 1 MiB is not read on, nor asked again', async () => {
    const fake = await withKey();
    fake.fault = () => ({ say: { pem: 'a'.repeat(2 ** 20) } });
    await expect(open(fake)).rejects.toMatchObject({ code: 'invalid-input', message: /cannot be read, or is too large/ });
    expect(fake.requests).toHaveLength(1);
  });

  test('is told when it is not waited for any more', async () => {
    const fake = await withKey();
    const signer = await open(fake, { deadlineMs: 200 });
    fake.fault = () => 'hang';
    await expect(sign(signer)).rejects.toMatchObject({ code: 'unreachable' });
    await expect.poll(() => fake.cancelled()).toBe(1);
  });
});
