import { createHash, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type AwsKmsReference, parseKeyReference } from '@signwright/signing-core';
import { type FakeAwsKms, startFakeAwsKms, testKeys } from '@signwright/testkit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createAwsKmsSigner } from './index.ts';

type Example = { readonly input: { readonly [name: string]: string }; readonly output: { readonly [name: string]: unknown } };
const EXAMPLES = JSON.parse(readFileSync(new URL('vectors/published-examples.json', import.meta.url), 'utf8')) as {
  readonly [name in 'signDigest' | 'signMessage' | 'getPublicKey']: Example;
};

let fake: FakeAwsKms;
beforeEach(async () => {
  fake = await startFakeAwsKms();
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await fake.close();
});

const referTo = (key: string, region: string): AwsKmsReference =>
  parseKeyReference(`awskms://${fake.host}/${key}?region=${region}`) as AwsKmsReference;

/** Asks the fake without our client or AWS's. */
async function ask(action: string, body: unknown): Promise<{ [name: string]: unknown }> {
  const answer = await fetch(`http://${fake.host}/`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `TrentService.${action}`,
      authorization:
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261101/us-east-2/kms/aws4_request, SignedHeaders=host, Signature=0',
    },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(200);
  return (await answer.json()) as { [name: string]: unknown };
}

describe("AWS's published examples", () => {
  const message = Buffer.from('what is to be signed');
  const digest = createHash('sha256').update(message).digest();

  test('of signing a digest: our request is the example, and its answer is read', async () => {
    const { input, output } = EXAMPLES.signDigest;
    fake.setAlias(input['KeyId'] as string, fake.addKey(testKeys('rsa2048'), { arn: output['KeyId'] as string }));
    const signer = await createAwsKmsSigner(referTo(input['KeyId'] as string, 'us-east-2'), testKeys('rsa2048'));
    const signature = await signer.sign({ algorithm: 'rsa-pkcs1-sha256', digest });
    expect(fake.requests.at(-1)).toMatchObject({ action: 'Sign', body: { ...input, Message: digest.toString('base64') } });
    expect(verify('sha256', message, testKeys('rsa2048').publicKey, signature)).toBe(true);
  });

  test('of signing a digest: the fake answers as published', async () => {
    const { input, output } = EXAMPLES.signDigest;
    fake.setAlias(input['KeyId'] as string, fake.addKey(testKeys('rsa2048'), { arn: output['KeyId'] as string }));
    const answer = await ask('Sign', { ...input, Message: digest.toString('base64') });
    expect(answer).toEqual({ ...output, Signature: expect.any(String) });
  });

  test('of signing a message: the fake answers as published', async () => {
    const { input, output } = EXAMPLES.signMessage;
    fake.setAlias(input['KeyId'] as string, fake.addKey(testKeys('p384'), { arn: output['KeyId'] as string }));
    const answer = await ask('Sign', { ...input, Message: message.toString('base64') });
    expect(answer).toEqual({ ...output, Signature: expect.any(String) });
    const signature = Buffer.from(answer['Signature'] as string, 'base64');
    expect(verify('sha384', message, testKeys('p384').publicKey, signature)).toBe(true);
  });

  test('of a public key: the fake answers as published, and that key, for encryption, is refused by name', async () => {
    const { input, output } = EXAMPLES.getPublicKey;
    fake.addKey(testKeys('rsa2048'), {
      arn: output['KeyId'] as string,
      spec: output['CustomerMasterKeySpec'] as string,
      usage: output['KeyUsage'] as string,
      algorithms: output['EncryptionAlgorithms'] as string[],
    });
    expect(await ask('GetPublicKey', input)).toEqual({
      ...output,
      PublicKey: expect.any(String),
      // Newer than the example: "KeySpec and CustomerMasterKeySpec have the same value".
      KeySpec: output['CustomerMasterKeySpec'],
    });
    await expect(createAwsKmsSigner(referTo(input['KeyId'] as string, 'us-west-2'), {})).rejects.toMatchObject({
      code: 'configuration',
      message: /is for ENCRYPT_DECRYPT/,
    });
    expect(fake.requests.at(-1)).toMatchObject({ action: 'GetPublicKey', body: input });
  });

  test('a digest of another length than its algorithm makes is refused by the fake, as documented', async () => {
    fake.setAlias('alias/x', fake.addKey(testKeys()));
    const asked = { KeyId: 'alias/x', MessageType: 'DIGEST', SigningAlgorithm: 'ECDSA_SHA_256' };
    await expect(ask('Sign', { ...asked, Message: message.toString('base64') })).rejects.toThrow();
    await expect(ask('Sign', { ...asked, Message: digest.toString('base64') })).resolves.toBeDefined();
  });
});
