import { createHash, generateKeyPairSync, verify } from 'node:crypto';
import { type AwsKmsReference, keyIdOf, parseKeyReference, type RemoteKeyOptions, type Signer } from '@signwright/signing-core';
import {
  type AwsKmsFault,
  type FakeAwsKms,
  freshKeys,
  type RemoteKeyFault,
  remoteSignerContract,
  signerContract,
  startFakeAwsKms,
  type TestKeyType,
  testKeys,
} from '@signwright/testkit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createAwsKmsSigner } from './index.ts';

const SECRETS = { AWS_SECRET_ACCESS_KEY: 'the-secret-access-key', AWS_SESSION_TOKEN: 'the-session-token' };
const USER = 'arn:aws:sts::111122223333:assumed-role/release/job-7';
const ALIAS = 'alias/release-signing';

const started: FakeAwsKms[] = [];
beforeEach(() => {
  const elsewhere = { AWS_CONFIG_FILE: '/nonexistent', AWS_SHARED_CREDENTIALS_FILE: '/nonexistent' };
  const environment = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_EC2_METADATA_DISABLED: 'true', ...elsewhere, ...SECRETS };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const fake of started.splice(0)) await fake.close();
});

async function start(): Promise<FakeAwsKms> {
  const fake = await startFakeAwsKms();
  started.push(fake);
  return fake;
}

function reference(fake: FakeAwsKms, key = ALIAS): AwsKmsReference {
  return parseKeyReference(`awskms://${fake.host}/${key}?region=us-east-2`) as AwsKmsReference;
}

async function withKey(type: TestKeyType = 'p256'): Promise<FakeAwsKms> {
  const fake = await start();
  fake.setAlias(ALIAS, fake.addKey(testKeys(type)));
  return fake;
}

const open = (fake: FakeAwsKms, options: RemoteKeyOptions = {}): Promise<Signer> => createAwsKmsSigner(reference(fake), options);

for (const type of ['p256', 'p384', 'rsa2048', 'ed25519'] as const)
  signerContract(`AWS KMS with a key of type ${type}`, async () => open(await withKey(type), testKeys(type)));

const denied = (action: string): AwsKmsFault => ({
  status: 400,
  type: 'AccessDeniedException',
  message: `User: ${USER} is not authorized to perform: kms:${action} on resource: arn:aws:kms:us-east-2:111122223333:key/1 because no identity-based policy allows the kms:${action} action`,
});
const throttled: AwsKmsFault = {
  status: 400,
  type: 'ThrottlingException',
  message: 'You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.',
};
const FAULTS: { readonly [fault in Exclude<RemoteKeyFault, 'down'>]: (action: string, nth: number) => AwsKmsFault | undefined } =
  {
    'no permission to read the key': (action) => (action === 'GetPublicKey' ? denied(action) : undefined),
    'no permission to sign': (action) => (action === 'Sign' ? denied(action) : undefined),
    'no such key': () => ({ status: 400, type: 'NotFoundException', message: `Alias ${ALIAS} is not found.` }),
    disabled: () => ({
      status: 400,
      type: 'DisabledException',
      message: 'arn:aws:kms:us-east-2:111122223333:key/1 is disabled.',
    }),
    throttled: () => throttled,
    'throttled twice': (_, nth) => (nth < 2 ? throttled : undefined),
    broken: () => ({ status: 500, type: 'KMSInternalException', message: `it shows ${Object.values(SECRETS).join(' and ')}` }),
    silent: () => 'hang',
  };

remoteSignerContract('AWS KMS', async () => {
  const fake = await withKey();
  return {
    open: (options) => open(fake, options),
    async fault(fault) {
      if (fault === 'down') return fake.close();
      const from = fake.requests.length;
      fake.fault = ({ action }, number) => (fault === undefined ? undefined : FAULTS[fault](action, number - from));
    },
    faults: [...(Object.keys(FAULTS) as RemoteKeyFault[]), 'down'],
    permission: {
      read: /assumed-role\/release\/job-7.*allow kms:GetPublicKey/,
      sign: /assumed-role\/release\/job-7.*allow kms:Sign/,
    },
    signRequests: () => fake.requests.filter(({ action }) => action === 'Sign').length,
    secrets: Object.values(SECRETS),
  };
});

describe('AWS KMS', () => {
  test('is sent a digest as a digest, never the message', async () => {
    const fake = await withKey();
    const message = Buffer.from('message');
    const digest = createHash('sha256').update(message).digest();
    await (await open(fake)).sign({ algorithm: 'ecdsa-p256-sha256', digest, message });
    expect(fake.requests.at(-1)?.body).toEqual({
      KeyId: ALIAS,
      Message: digest.toString('base64'),
      MessageType: 'DIGEST',
      SigningAlgorithm: 'ECDSA_SHA_256',
    });
  });

  test('is sent, for P-384 with SHA-256, the digest as a number of 48 bytes, which is the same to ECDSA', async () => {
    const fake = await withKey('p384');
    const digest = createHash('sha256').update('message').digest();
    const signature = await (await open(fake)).sign({ algorithm: 'ecdsa-p384-sha256', digest });
    expect(Buffer.from(String(fake.requests.at(-1)?.body['Message']), 'base64')).toEqual(
      Buffer.concat([Buffer.alloc(16), digest]),
    );
    expect(verify('sha256', Buffer.from('message'), testKeys('p384').publicKey, signature)).toBe(true);
  });

  test('is sent no more than 4096 bytes for Ed25519, for it takes no more', async () => {
    const fake = await withKey('ed25519');
    const signer = await open(fake);
    const request = (length: number) => {
      const message = Buffer.alloc(length);
      return { algorithm: 'ed25519' as const, message, digest: createHash('sha512').update(message).digest() };
    };
    expect(await signer.sign(request(4096))).toHaveLength(64);
    const before = fake.requests.length;
    await expect(signer.sign(request(4097))).rejects.toMatchObject({
      code: 'configuration',
      message: /at most 4096 bytes .* these are 4097/,
      next: expect.stringContaining('ECC_NIST_P256'),
    });
    expect(fake.requests).toHaveLength(before);
  });

  test('whose alias leads to another key between opening and signing: that signature is not used', async () => {
    const fake = await withKey();
    const signer = await open(fake);
    const other = fake.addKey(freshKeys());
    fake.setAlias(ALIAS, other);
    const digest = createHash('sha256').digest();
    await expect(signer.sign({ algorithm: 'ecdsa-p256-sha256', digest })).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringContaining(other.arn),
      next: expect.stringContaining('signer rotate'),
    });
  });

  test.each([
    ['for encryption', { usage: 'ENCRYPT_DECRYPT' }, 'rsa2048', /is for ENCRYPT_DECRYPT, not for signing \(SIGN_VERIFY\)/],
    [
      'that signs by RSASSA-PSS alone',
      { algorithms: ['RSASSA_PSS_SHA_256'] },
      'rsa2048',
      /RSASSA_PSS_SHA_256; allowed is RSASSA_PKCS1_V1_5_SHA_256/,
    ],
    ['on P-521', {}, 'p521', /secp521r1 is not accepted/],
    ['of Ed25519ph alone', { algorithms: ['ED25519_PH_SHA_512'] }, 'ed25519', /ED25519_PH_SHA_512; allowed is ED25519_SHA_512/],
  ] as const)('a key %s is refused by name before anything is signed', async (_, told, type, message) => {
    const fake = await start();
    fake.setAlias(ALIAS, fake.addKey(testKeys(type), told));
    await expect(open(fake)).rejects.toMatchObject({ code: 'configuration', message, where: reference(fake).text, next: /./ });
  });

  test('a key on secp256k1 is refused by name, and those that are accepted are named', async () => {
    const fake = await start();
    fake.setAlias(ALIAS, fake.addKey(generateKeyPairSync('ec', { namedCurve: 'secp256k1' })));
    await expect(open(fake)).rejects.toMatchObject({
      code: 'configuration',
      message: /secp256k1 is not accepted/,
      next: expect.stringContaining('ECDSA P-256 (the default), P-384, Ed25519, or RSA'),
    });
  });

  test('is asked by alias, key id and ARN', async () => {
    const fake = await start();
    const { arn } = fake.addKey(testKeys());
    for (const key of [arn.slice(arn.lastIndexOf('/') + 1), arn]) {
      const signer = await createAwsKmsSigner(reference(fake, key), testKeys());
      expect(keyIdOf(await signer.publicKey())).toBe(keyIdOf(testKeys().publicKey));
    }
  });

  test('keeps connections, and opens enough of them for 64 at once', async () => {
    const fake = await withKey();
    const signer = await open(fake);
    fake.latencyMs = 50;
    const digest = createHash('sha256').digest();
    const many = (): Promise<unknown> =>
      Promise.all(Array.from({ length: 64 }, () => signer.sign({ algorithm: 'ecdsa-p256-sha256', digest })));
    await many();
    const before = fake.connections();
    expect(before).toBeGreaterThanOrEqual(60);
    await many();
    expect(fake.connections()).toBe(before);
  });
});
