import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AwsKmsReference, parseKeyReference, type SignwrightError } from '@signwright/signing-core';
import { type FakeAwsKms, startFakeAwsKms, testKeys } from '@signwright/testkit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createAwsKmsSigner } from './index.ts';

let kms: FakeAwsKms;
let room: string;
let issuer: Server;
let asked: string[];
let answer: RequestListener;
beforeEach(async () => {
  kms = await startFakeAwsKms();
  kms.setAlias('alias/x', kms.addKey(testKeys()));
  room = await mkdtemp(join(tmpdir(), 'signwright-aws-'));
  await writeFile(join(room, 'token'), 'eyJ.the-id-token.sig');
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_PROFILE'])
    vi.stubEnv(name, undefined);
  vi.stubEnv('AWS_REGION', 'us-east-2');
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  vi.stubEnv('AWS_CONFIG_FILE', join(room, 'config'));
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nonexistent');
  asked = [];
  issuer = createServer((request, response) => {
    asked.push(request.url ?? '');
    answer(request, response);
  });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  issuer.closeAllConnections();
  await new Promise((resolve) => issuer.close(resolve));
  await kms.close();
  await rm(room, { recursive: true });
});

/** 127.0.0.2 stands for another machine. */
async function listen(host = '127.0.0.1'): Promise<string> {
  await new Promise<void>((resolve) => issuer.listen(0, host, resolve));
  return `http://${host}:${(issuer.address() as AddressInfo).port}`;
}

function asWebIdentity(): void {
  vi.stubEnv('AWS_WEB_IDENTITY_TOKEN_FILE', join(room, 'token'));
  vi.stubEnv('AWS_ROLE_ARN', 'arn:aws:iam::111122223333:role/release');
}

async function failure(text = `awskms://${kms.host}/alias/x`): Promise<SignwrightError> {
  return createAwsKmsSigner(parseKeyReference(text) as AwsKmsReference, { deadlineMs: 5_000 }).then(
    () => expect.unreachable(),
    (error: SignwrightError) => error,
  );
}

const GIVEN = JSON.stringify({
  AccessKeyId: 'AKIDEXAMPLE',
  SecretAccessKey: 'the-secret',
  Token: 'the-token',
  Expiration: '2099-01-01T00:00:00Z',
});

describe('what AWS STS answers to the job is explained:', () => {
  test.each([
    [500, '', 'unreachable', /what issues the credentials for AWS did not answer/, 5],
    [429, '', 'unreachable', /what issues the credentials for AWS did not answer/, 5],
    [400, 'Throttling', 'unreachable', /what issues the credentials for AWS did not answer/, 5],
    [400, 'ExpiredTokenException', 'configuration', /token for credentials of AWS has expired/, 1],
    [400, 'IDPCommunicationError', 'configuration', /no credentials for AWS \(IDPCommunicationError/, 1],
    [403, 'AccessDenied', 'configuration', /no credentials for AWS \(AccessDenied\)/, 1],
  ] as const)('%i %s', async (status, name, code, message, times) => {
    answer = (_, response) => {
      const error = `<Error><Code>${name}</Code><Message>no</Message></Error>`;
      response.writeHead(status, { 'content-type': 'text/xml' }).end(`<ErrorResponse>${error}</ErrorResponse>`);
    };
    asWebIdentity();
    vi.stubEnv('AWS_ENDPOINT_URL_STS', await listen());
    const error = await failure();
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(asked).toHaveLength(times);
    expect(`${error.message} ${error.next} ${error.stack}`).not.toContain('the-id-token');
  });
});

describe("a container's credentials", () => {
  const from = async (): Promise<void> => {
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', `${await listen()}/credentials`);
  };

  test('are used', async () => {
    answer = (_, response) => response.end(GIVEN);
    await from();
    const reference = parseKeyReference(`awskms://${kms.host}/alias/x`) as AwsKmsReference;
    await createAwsKmsSigner(reference, testKeys());
    expect(kms.requests[0]?.headers['x-amz-security-token']).toBe('the-token');
    expect(asked).toEqual(['/credentials']);
  });

  test.each([
    ['refused', 403, '{"Code":"AccessDenied","Message":"connect ECONNREFUSED"}'],
    ['not found', 404, ''],
    ['led elsewhere', 302, ''],
    ['answered by something else', 200, '<html>Log in</html>'],
    ['answered without a key', 200, '{}'],
  ])('that are %s are no matter of another key', async (_, status, body) => {
    answer = (_request, response) => response.writeHead(status).end(body);
    await from();
    expect(await failure()).toMatchObject({
      code: 'configuration',
      message: expect.stringMatching(/there are no credentials for AWS/),
      next: expect.stringContaining('AWS_CONTAINER_CREDENTIALS_FULL_URI'),
    });
    // The SDK has two providers for containers, and drops what they fail with.
    expect(asked.length).toBeLessThanOrEqual(3);
  });

  test.each([
    ['is broken', (_, response) => response.writeHead(503).end(), /HTTP503/],
    ['is throttled', (_, response) => response.writeHead(429).end(), /HTTP429/],
    ['drops the connection', (request) => request.socket.destroy(), /did not answer/],
  ] satisfies [string, RequestListener, RegExp][])('whose endpoint %s are unreachable', async (_, told, message) => {
    answer = told;
    await from();
    expect(await failure()).toMatchObject({ code: 'unreachable', message: expect.stringMatching(message) });
  });

  test('whose endpoint is not there are unreachable', async () => {
    await from();
    await new Promise((resolve) => issuer.close(resolve));
    expect(await failure()).toMatchObject({
      code: 'unreachable',
      message: /ECONNREFUSED/,
      next: expect.stringContaining('AWS_CONTAINER_CREDENTIALS_FULL_URI'),
    });
  });
});

describe('before anything is sent', () => {
  beforeEach(() => {
    answer = (_, response) => response.writeHead(403).end();
    asWebIdentity();
  });

  test.each(['', '_KMS', '_STS', '_SSO', '_SSO_OIDC', '_SIGNIN'])(
    'plain http to another machine in AWS_ENDPOINT_URL%s is refused',
    async (service) => {
      const name = `AWS_ENDPOINT_URL${service}`;
      vi.stubEnv(name, await listen('127.0.0.2'));
      for (const text of ['awskms:///alias/x', `awskms://${kms.host}/alias/x`])
        expect(await failure(text)).toMatchObject({
          code: 'configuration',
          message: `${name} is http://127.0.0.2, which is not https`,
          next: expect.stringContaining('AWS_ENDPOINT_URL_STS'),
        });
      expect(asked).toEqual([]);
      expect(kms.requests).toEqual([]);
    },
  );

  test('an endpoint with a password in it is refused without showing it', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL', 'http://user:hunter2@kms.acme.example/');
    const error = await failure('awskms:///alias/x');
    expect(error).toMatchObject({ code: 'configuration', message: /http:\/\/kms\.acme\.example, which is not https/ });
    expect(`${error.message} ${error.next}`).not.toContain('hunter2');
  });

  test.each([
    ['of all services', 'endpoint_url = URL'],
    ['of AWS STS', 'services = acme\n[services acme]\nsts =\n  endpoint_url = URL'],
  ])("a profile's endpoint %s over plain http to another machine is refused", async (_, lines) => {
    const url = await listen('127.0.0.2');
    await writeFile(join(room, 'config'), `[default]\n${lines.replace('URL', url)}\n`);
    expect(await failure()).toMatchObject({ code: 'configuration', message: /is http:\/\/127\.0\.0\.2, which is not https/ });
    expect(asked).toEqual([]);
  });

  test("a profile's role by web identity goes by https too", async () => {
    const url = await listen('127.0.0.2');
    const role = `role_arn = arn:aws:iam::111122223333:role/release\nweb_identity_token_file = ${join(room, 'token')}`;
    await writeFile(join(room, 'config'), `[profile ci]\n${role}\nendpoint_url = ${url}\n`);
    vi.stubEnv('AWS_PROFILE', 'ci');
    expect(await failure()).toMatchObject({ code: 'configuration', message: /is http:\/\/127\.0\.0\.2, which is not https/ });
    expect(asked).toEqual([]);
  });

  test('a Node that verifies no certificate is refused', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    expect(await failure()).toMatchObject({
      code: 'configuration',
      message: /NODE_TLS_REJECT_UNAUTHORIZED=0 would have anybody answer as AWS/,
      next: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
    });
    expect(kms.requests).toEqual([]);
  });
});
