import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type AwsKmsReference, parseKeyReference, type Signer, type SignwrightError, spkiOf } from '@signwright/signing-core';
import { type FakeAwsKms, startFakeAwsKms, testKeys } from '@signwright/testkit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createAwsKmsSigner } from './index.ts';

const ARN = 'arn:aws:kms:us-east-2:111122223333:key/x';
const KEY = {
  KeyId: ARN,
  PublicKey: spkiOf(testKeys().publicKey).toString('base64'),
  KeySpec: 'ECC_NIST_P256',
  KeyUsage: 'SIGN_VERIFY',
  SigningAlgorithms: ['ECDSA_SHA_256'],
};

let fake: FakeAwsKms;
beforeEach(async () => {
  fake = await startFakeAwsKms();
  const environment = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'us-east-2' };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await fake.close();
});

const open = async (host = fake.host): Promise<Signer> =>
  createAwsKmsSigner(parseKeyReference(`awskms://${host}/alias/x`) as AwsKmsReference, { deadlineMs: 20_000 });
const sign = async (): Promise<unknown> =>
  (await open()).sign({ algorithm: 'ecdsa-p256-sha256', digest: createHash('sha256').digest() });
const refusalOf = (work: Promise<unknown>): Promise<SignwrightError> =>
  work.then(
    () => expect.unreachable(),
    (error: SignwrightError) => error,
  );

/** What it answers to each action, as it is. */
function say(answers: { readonly [action: string]: unknown }): void {
  fake.fault = ({ action }) => ({ status: 200, type: 'x', body: JSON.stringify(answers[action]) });
}

const UNREADABLE = { code: 'invalid-input', message: /AWS KMS gave an answer that cannot be read/, next: /./ };

describe('an answer of AWS KMS that is none is refused, and no other key is used in its place:', () => {
  test.each([
    ['algorithms in no list', { ...KEY, SigningAlgorithms: {} }],
    ['algorithms that are numbers', { ...KEY, SigningAlgorithms: [1, 2] }],
    ['algorithms in a text', { ...KEY, SigningAlgorithms: 'ECDSA_SHA_256' }],
    ['a public key in no base64', { ...KEY, PublicKey: '****' }],
    ['a number for a public key', { ...KEY, PublicKey: 5 }],
    ['no public key', { ...KEY, PublicKey: undefined }],
    ['a number for an id', { ...KEY, KeyId: 5 }],
    ['an object for the usage', { ...KEY, KeyUsage: {} }],
    ['an object for the spec', { ...KEY, KeySpec: {} }],
    ['nothing', null],
    ['a list', []],
    ['a number', 5],
  ])('%s, where the key is asked for', async (_, answer) => {
    say({ GetPublicKey: answer });
    expect(await refusalOf(open())).toMatchObject(UNREADABLE);
    expect(fake.requests).toHaveLength(1);
  });

  test.each([
    ['a number for a signature', { KeyId: ARN, Signature: 5 }],
    ['a signature in no base64', { KeyId: ARN, Signature: '****' }],
    ['a number for an id', { KeyId: 5, Signature: 'AAAA' }],
    ['an empty signature', { KeyId: ARN, Signature: '' }],
    ['no signature', { KeyId: ARN }],
    ['nothing', null],
    ['a text', 'x'],
  ])('%s, where a signature is asked for', async (_, answer) => {
    say({ GetPublicKey: KEY, Sign: answer });
    expect(await refusalOf(sign())).toMatchObject(UNREADABLE);
    expect(fake.requests).toHaveLength(2);
  });

  test('a page in place of an answer', async () => {
    fake.fault = () => ({ status: 200, type: '', body: '<html>Log in</html>' });
    expect(await refusalOf(open())).toMatchObject(UNREADABLE);
  });

  test.each([
    [403, 'configuration', /may not do kms:GetPublicKey/],
    [400, 'configuration', /does not accept the request/],
    [302, 'configuration', /does not accept the request/],
    [502, 'unreachable', /is broken/],
  ])('but one that is no success is what its status says: %i', async (status, code, message) => {
    for (const body of ['<html>', '', '{"__type":5}', '{"__type":{},"code":"ECONNREFUSED","message":[]}', 'null']) {
      fake.fault = () => ({ status, type: '', body });
      expect(await refusalOf(open())).toMatchObject({ code, message: expect.stringMatching(message) });
    }
  });

  test('an answer without an end, which is read to 1 MiB', async () => {
    let sent = 0;
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).write('{"KeyUsage":"');
      const chunk = Buffer.alloc(64 * 1024, 97);
      const more = (): void => {
        while (!response.destroyed && sent < 2 ** 28) {
          sent += chunk.length;
          if (!response.write(chunk)) return void response.once('drain', more);
        }
        response.end();
      };
      more();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const error = await refusalOf(open(`127.0.0.1:${(server.address() as AddressInfo).port}`));
    expect(error).toMatchObject({ code: 'invalid-input', message: /answer of 127\.0\.0\.1 is larger than 1048576 bytes/ });
    // What lies in the buffers of both sides comes on top.
    expect(sent).toBeLessThan(2 ** 25);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
});

const LONG = `\u001b[2J\n::set-env\u2028${'a'.repeat(200_000)}`;

describe('what an answer says is shown to 200 characters, and nothing of it obeyed:', () => {
  test.each([
    ['the usage', { ...KEY, KeyUsage: LONG }],
    ['the spec', { ...KEY, PublicKey: 'AAAA', KeySpec: LONG }],
    ['the algorithms', { ...KEY, SigningAlgorithms: [LONG, LONG] }],
  ])('%s', async (_, answer) => {
    say({ GetPublicKey: answer });
    expectShort(await refusalOf(open()));
  });

  test('the key it moved to', async () => {
    say({ GetPublicKey: { ...KEY, KeyId: `${LONG}1` }, Sign: { KeyId: LONG, Signature: 'AAAA' } });
    expectShort(await refusalOf(sign()));
  });

  function expectShort({ code, message }: SignwrightError): void {
    expect(code).toBe('configuration');
    expect(message).toContain('<U+001B>[2J<U+000A>::set-env<U+2028>aaa');
    expect(message).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
    expect(message.length).toBeLessThan(700);
  }
});
