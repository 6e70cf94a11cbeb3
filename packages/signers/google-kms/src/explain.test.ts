import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GoogleKmsReference, parseKeyReference, type SignwrightError } from '@signwright/signing-core';
import { type FakeGoogleKms, startFakeGoogleKms, testKeys } from '@signwright/testkit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { explain } from './explain.ts';
import { createGoogleKmsSigner, type GoogleKmsOptions } from './index.ts';

const VERSION = 'projects/acme/locations/europe-north1/keyRings/signing/cryptoKeys/release/cryptoKeyVersions/1';
const REFERENCE = parseKeyReference(`gcpkms://${VERSION}`) as GoogleKmsReference;

async function failure(options: GoogleKmsOptions): Promise<SignwrightError> {
  return createGoogleKmsSigner(REFERENCE, { deadlineMs: 20_000, ...options }).then(
    () => expect.unreachable(),
    (error: SignwrightError) => error,
  );
}

describe('what Google Cloud KMS answers is explained:', () => {
  let fake: FakeGoogleKms;
  beforeEach(async () => {
    fake = await startFakeGoogleKms();
    fake.addKey(VERSION, testKeys());
  });
  afterEach(() => fake.close());

  test.each([
    [3, 'digest is of another length', undefined, 'configuration', /does not accept the request/, 1],
    [3, 'The checksum in field digest_crc32c did not match', undefined, 'invalid-input', /corrupted in transit/, 5],
    [4, 'Deadline exceeded', undefined, 'unreachable', /broken/, 5],
    [7, 'Cloud KMS API has not been used in project 1', 'SERVICE_DISABLED', 'configuration', /API is not enabled/, 1],
    [
      9,
      'is not enabled, current state is: DESTROY_SCHEDULED.',
      undefined,
      'configuration',
      /not enabled but DESTROY_SCHEDULED/,
      1,
    ],
    [9, 'something else', undefined, 'configuration', /cannot be used as it is/, 1],
    [14, 'The service is currently unavailable.', undefined, 'unreachable', /broken/, 5],
    [16, 'Request had invalid authentication credentials.', undefined, 'configuration', /not accepted \(UNAUTHENTICATED\)/, 1],
    [16, 'Request had invalid authentication credentials.', 'ACCESS_TOKEN_EXPIRED', 'configuration', /expired/, 1],
    [10, 'aborted', undefined, 'configuration', /does not accept/, 1],
    [9, `A_EXTERNAL_${'A'.repeat(1_000)}`, undefined, 'configuration', /^.{1,120}$/, 1],
    [12, 'unknown method', undefined, 'configuration', /does not accept/, 1],
  ] as const)('%i (%s, %s) is %s', async (code, message, reason, result, told, tries) => {
    fake.fault = () => ({ code, message, ...(reason === undefined ? {} : { reason }) });
    const error = await failure({ environment: { SIGNWRIGHT_GCPKMS_EMULATOR_HOST: fake.host } });
    expect(error).toMatchObject({ code: result, message: expect.stringMatching(told), where: REFERENCE.text });
    expect(error.next).toMatch(/./);
    expect(fake.requests).toHaveLength(tries);
  });
});

test.each([
  [
    '14 UNAVAILABLE: No connection established. Last error: self-signed certificate',
    'configuration',
    /certificate .* is not trusted/,
  ],
  ['14 UNAVAILABLE: Name resolution failed for target dns:cloudkms.googleapis.com', 'unreachable', /was not reached/],
  ['14 UNAVAILABLE: No connection established. Last error: connect ECONNREFUSED 127.0.0.1:9', 'unreachable', /was not reached/],
])('a connection that fails (%s) is told from a service that does, and is not tried again', (message, code, told) => {
  const asked = { permission: 'cloudkms.cryptoKeyVersions.useToSign', identity: undefined, where: 'here' };
  const { again, error } = explain(asked, Object.assign(new Error(message), { code: 14 }));
  expect(error).toMatchObject({ code, message: expect.stringMatching(told) });
  expect(again).toBe(false);
});

test.each([
  [2, 'Received HTTP status code 302', 'invalid-input', false],
  [2, 'Received HTTP status code 500', 'unreachable', true],
  [13, 'Received HTTP status code 400', 'invalid-input', false],
  [13, 'Response message parsing error: index out of range', 'invalid-input', false],
  [8, 'Received message larger than max (2097152 vs 1048576)', 'invalid-input', false],
  [14, 'Received HTTP status code 429', 'unreachable', true],
  [undefined, 'The client has already been closed.', 'configuration', false],
])('what came and was no answer of the service is no matter of another key: %s %s', (code, message, result, again) => {
  const asked = { permission: 'cloudkms.cryptoKeyVersions.useToSign', identity: undefined, where: 'here' };
  const failed = explain(asked, Object.assign(new Error(message), { code }));
  expect(failed).toMatchObject({ again, error: { code: result } });
});

test('a denial names the account where it is known', () => {
  const asked = {
    permission: 'cloudkms.cryptoKeyVersions.useToSign',
    identity: 'ci@acme.iam.gserviceaccount.com',
    where: 'here',
  };
  const { error } = explain(asked, Object.assign(new Error('denied'), { code: 7 }));
  expect(error.message).toMatch(/^ci@acme\.iam\.gserviceaccount\.com may not do cloudkms\.cryptoKeyVersions\.useToSign/);
});

test.each([
  'kms.acme.example:443',
  '10.0.0.1:80',
  '127.0.0.1',
  '127.0.0.1:99999',
  '127.0.0.1.evil.example:80',
  'http://127.0.0.1:80',
])('a stand-in at %s is refused: it would be asked in plain text', async (host) => {
  const error = await failure({ environment: { SIGNWRIGHT_GCPKMS_EMULATOR_HOST: host } });
  expect(error).toMatchObject({ code: 'configuration', message: /SIGNWRIGHT_GCPKMS_EMULATOR_HOST names another machine/ });
});

describe('credentials', () => {
  let room: string;
  let sts: Server;
  let answer: { status: number; body: object };
  beforeEach(async () => {
    room = await mkdtemp(join(tmpdir(), 'signwright-google-'));
    sts = createServer((_, response) =>
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body)),
    );
    await new Promise<void>((resolve) => sts.listen(0, '127.0.0.1', resolve));
    await writeFile(join(room, 'token'), 'eyJ.the-id-token.sig');
    const provider = {
      type: 'external_account',
      audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci/providers/gitlab',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: `http://127.0.0.1:${(sts.address() as AddressInfo).port}/v1/token`,
      credential_source: { file: join(room, 'token') },
    };
    await writeFile(join(room, 'provider.json'), JSON.stringify(provider));
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', join(room, 'provider.json'));
    vi.stubEnv('METADATA_SERVER_DETECTION', 'none');
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    sts.closeAllConnections();
    await new Promise((resolve) => sts.close(resolve));
    await rm(room, { recursive: true, force: true });
  });

  test.each([
    [500, {}, 'unreachable', /what issues the credentials for Google Cloud did not answer/],
    [
      400,
      { error: 'invalid_grant', error_description: 'The given credential is stale (expired).' },
      'configuration',
      /have expired \(invalid_grant\)/,
    ],
    [
      400,
      { error: 'invalid_target', error_description: 'The provider is disabled.' },
      'configuration',
      /can be used \(invalid_target\)/,
    ],
    [
      403,
      { error: 'unauthorized_client', error_description: 'rejected by the attribute condition' },
      'configuration',
      /\(unauthorized_client\)/,
    ],
  ] as const)('that Google answers %i %j for are explained, and the token is not shown', async (status, body, code, message) => {
    answer = { status, body };
    const error = await failure({});
    expect(error).toMatchObject({ code, message: expect.stringMatching(message), where: REFERENCE.text });
    expect(`${error.message} ${error.next} ${error.stack}`).not.toContain('the-id-token');
  });

  test('of another universe ask the service there, and nothing else of Google before', async () => {
    const given = JSON.parse(await readFile(join(room, 'provider.json'), 'utf8')) as object;
    await writeFile(join(room, 'provider.json'), JSON.stringify({ ...given, universe_domain: 'universe.invalid' }));
    const issued_token_type = 'urn:ietf:params:oauth:token-type:access_token';
    answer = { status: 200, body: { access_token: 'a', issued_token_type, token_type: 'Bearer', expires_in: 3600 } };
    // No such name can exist (RFC 2606), so the service is not reached.
    expect(await failure({})).toMatchObject({ code: 'unreachable', message: /Google Cloud KMS was not reached/ });
  });

  test('are not asked for where Node verifies no certificate', async () => {
    let asked = 0;
    sts.on('request', () => asked++);
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    expect(await failure({})).toMatchObject({
      code: 'configuration',
      message: /NODE_TLS_REJECT_UNAUTHORIZED=0 would have anybody answer as Google/,
    });
    expect(asked).toBe(0);
  });

  test('whose issuer is down are a matter of trying again', async () => {
    await new Promise((resolve) => sts.close(resolve));
    sts.closeAllConnections();
    expect(await failure({})).toMatchObject({ code: 'unreachable', message: /did not answer \(ECONNREFUSED\)/ });
    await new Promise<void>((resolve) => sts.listen(0, '127.0.0.1', resolve));
  });

  test.each([
    ['a file that is not there', '/nonexistent/provider.json'],
    ['a file that holds no JSON', 'token'],
  ])('that should be in %s are missed, and what would give them is named', async (_, file) => {
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', file.startsWith('/') ? file : join(room, file));
    expect(await failure({})).toMatchObject({
      code: 'configuration',
      message: /no credentials for Google Cloud that can be used/,
      next: expect.stringContaining('GOOGLE_APPLICATION_CREDENTIALS'),
    });
  });

  test('that are nowhere are missed, and what would give them is named', async () => {
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', undefined);
    vi.stubEnv('CLOUDSDK_CONFIG', room);
    vi.stubEnv('HOME', room);
    expect(await failure({})).toMatchObject({ code: 'configuration', message: /no credentials for Google Cloud/ });
  });
});
