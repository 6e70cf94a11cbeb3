import { createHash, randomBytes, verify } from 'node:crypto';
import { createAwsKmsSigner } from '@signwright/signer-aws-kms';
import {
  type AwsKmsReference,
  keyIdOf,
  parseKeyReference,
  type RemoteKeyOptions,
  type SignatureAlgorithm,
  type Signer,
} from '@signwright/signing-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Launched, launchServer } from './launch-server.ts';
import { describePeer, peer } from './peers.ts';
import { CREDENTIALS } from './s3-server.ts';
import { freePort } from './scenario.ts';

/** moto hashes a DIGEST again and heeds no state of a key: what it is sent is proved here, not what a signature is worth. */
describePeer('moto_server', 'keys in the AWS KMS of moto', () => {
  let host: string;
  let moto: Launched;

  beforeAll(async () => {
    for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, undefined);
    for (const [name, value] of Object.entries(CREDENTIALS)) vi.stubEnv(name, value);
    const port = await freePort();
    moto = await launchServer(peer('moto_server'), ['-H', '127.0.0.1', '-p', String(port)], port);
    host = `127.0.0.1:${port}`;
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await moto?.stop();
  });

  /** Asks without any SDK, as whoever administers keys. */
  async function ask<Answer>(action: string, body: object): Promise<Answer> {
    const answer = await fetch(`http://${host}/`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': `TrentService.${action}`,
        authorization: 'AWS4-HMAC-SHA256 Credential=e2e/20261101/us-east-2/kms/aws4_request, SignedHeaders=host, Signature=0',
      },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${action}: ${answer.status} ${text}`);
    return (text === '' ? {} : JSON.parse(text)) as Answer;
  }

  type Created = { readonly KeyMetadata: { readonly KeyId: string; readonly Arn: string } };
  const createKey = async (KeySpec: string, KeyUsage = 'SIGN_VERIFY'): Promise<Created['KeyMetadata']> =>
    (await ask<Created>('CreateKey', { KeySpec, KeyUsage })).KeyMetadata;
  const open = (key: string, options: RemoteKeyOptions = {}): Promise<Signer> =>
    createAwsKmsSigner(parseKeyReference(`awskms://${host}/${key}?region=us-east-2`) as AwsKmsReference, options);

  test.each([
    ['ECC_NIST_P256', 'ecdsa-p256-sha256', 'sha256', 32],
    ['ECC_NIST_P384', 'ecdsa-p384-sha384', 'sha384', 48],
    ['ECC_NIST_P384', 'ecdsa-p384-sha256', 'sha384', 48],
    ['RSA_2048', 'rsa-pkcs1-sha256', 'sha256', 32],
  ] as const)(
    'a key of spec %s is opened, and its Sign accepted for %s, with the digest whole',
    async (spec, algorithm, hash, length) => {
      const { KeyId, Arn } = await createKey(spec);
      const digest = createHash(hashOf(algorithm)).update(randomBytes(8)).digest();
      for (const name of [KeyId, Arn]) {
        const signer = await open(name);
        const signature = await signer.sign({ algorithm, digest });
        // moto signs the hash of what it was sent.
        const sent = Buffer.concat([Buffer.alloc(length - digest.length), digest]);
        expect(verify(hash, sent, await signer.publicKey(), signature)).toBe(true);
      }
    },
  );

  test('an alias that was moved leads to another key than the pinned one, which is named', async () => {
    const [first, second] = [await createKey('ECC_NIST_P256'), await createKey('ECC_NIST_P256')];
    await ask('CreateAlias', { AliasName: 'alias/release', TargetKeyId: first.KeyId });
    const signer = await open('alias/release');
    const publicKey = await signer.publicKey();
    await open('alias/release', { publicKey });

    await ask('UpdateAlias', { AliasName: 'alias/release', TargetKeyId: second.KeyId });
    const rotated = await (await open(second.KeyId)).publicKey();
    await expect(open('alias/release', { publicKey })).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringContaining(`${keyIdOf(rotated)}, not ${keyIdOf(publicKey)}`),
      next: expect.stringContaining('signer rotate'),
    });
    const digest = createHash('sha256').digest();
    await expect(signer.sign({ algorithm: 'ecdsa-p256-sha256', digest })).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringContaining(second.Arn),
    });
  });

  test.each([['alias/nobody'], ['0987dcba-09fe-87dc-65ba-ab0987654321']])('%s, which is not there, is missed', async (key) => {
    await expect(open(key)).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringContaining(`there is no key ${key} in us-east-2 (NotFoundException`),
    });
  });

  test.each([
    ['RSA_2048', 'ENCRYPT_DECRYPT', /is for ENCRYPT_DECRYPT, not for signing/],
    ['ECC_NIST_P521', 'SIGN_VERIFY', /secp521r1 is not accepted/],
    ['ECC_SECG_P256K1', 'SIGN_VERIFY', /secp256k1 is not accepted/],
  ] as const)('a key of spec %s for %s is refused by name', async (spec, usage, message) => {
    const { KeyId } = await createKey(spec, usage);
    await expect(open(KeyId)).rejects.toMatchObject({ code: 'configuration', message });
  });

  test('requests are signed as AWS signs them; who may not ask is told the permission', async () => {
    const { KeyId } = await createKey('ECC_NIST_P256');
    const [may, mayNot] = [await createUser('release', true), await createUser('other')];
    const as = ({ id, secret }: { id: string; secret: string }): Promise<Signer> => {
      vi.stubEnv('AWS_ACCESS_KEY_ID', id);
      vi.stubEnv('AWS_SECRET_ACCESS_KEY', secret);
      return open(KeyId);
    };
    // From now on moto checks signatures and permissions. What it refuses it does not explain as KMS does, in JSON.
    await fetch(`http://${host}/moto-api/reset-auth`, { method: 'POST', body: '0' });
    try {
      const digest = createHash('sha256').digest();
      expect(await (await as(may)).sign({ algorithm: 'ecdsa-p256-sha256', digest })).not.toHaveLength(0);
      const refused = { code: 'configuration', message: expect.stringContaining(`may not do kms:GetPublicKey with ${KeyId}`) };
      await expect(as(mayNot)).rejects.toMatchObject(refused);
      await expect(as({ ...may, secret: mayNot.secret })).rejects.toMatchObject({ code: 'configuration' });
    } finally {
      await fetch(`http://${host}/moto-api/reset-auth`, { method: 'POST', body: 'inf' });
    }
  });

  async function createUser(name: string, mayUseKeys = false): Promise<{ id: string; secret: string }> {
    const iam = async (query: string): Promise<string> => {
      const headers = {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: 'AWS4-HMAC-SHA256 Credential=e2e/20261101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0',
      };
      return (await fetch(`http://${host}/`, { method: 'POST', headers, body: `${query}&Version=2010-05-08` })).text();
    };
    await iam(`Action=CreateUser&UserName=${name}`);
    if (mayUseKeys) {
      const Action = ['kms:GetPublicKey', 'kms:Sign'];
      const policy = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource: '*' }] });
      await iam(`Action=PutUserPolicy&UserName=${name}&PolicyName=sign&PolicyDocument=${encodeURIComponent(policy)}`);
    }
    const made = await iam(`Action=CreateAccessKey&UserName=${name}`);
    const of = (tag: string): string => new RegExp(`<${tag}>([^<]+)</${tag}>`).exec(made)?.[1] ?? '';
    return { id: of('AccessKeyId'), secret: of('SecretAccessKey') };
  }
});

function hashOf(algorithm: SignatureAlgorithm): string {
  return algorithm.endsWith('384') ? 'sha384' : 'sha256';
}
