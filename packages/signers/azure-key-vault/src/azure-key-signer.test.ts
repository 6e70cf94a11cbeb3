import { createHash, verify } from 'node:crypto';
import {
  type AzureKeyReference,
  parseKeyReference,
  SIGNATURE_ALGORITHMS,
  type SignatureAlgorithm,
  type Signer,
  type SignwrightError,
} from '@signwright/signing-core';
import {
  AZURE_KEY_EXAMPLES,
  type FakeAzureKeyVault,
  type FakeAzureKeyVersion,
  remoteSignerContract,
  signerContract,
  startFakeAzureKeyVault,
  testKeys,
} from '@signwright/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { boundedAnswers } from './bounded-answers.ts';
import { credentialOf } from './credential.ts';
import { type AzureKeySignerOptions, createAzureKeySigner } from './index.ts';
import * as sdk from './sdk.ts';

const FIRST = '1'.repeat(32);
const SECOND = '2'.repeat(32);

let vault: FakeAzureKeyVault;
beforeEach(async () => {
  vault = await startFakeAzureKeyVault({
    p256: [{ version: FIRST, keys: testKeys('p256') }],
    'p256-hsm': [{ version: FIRST, keys: testKeys('p256'), hsm: true }],
    rsa: [{ version: FIRST, keys: testKeys('rsa2048') }],
    'rsa-hsm': [{ version: FIRST, keys: testKeys('rsa2048'), hsm: true }],
    p384: [{ version: FIRST, keys: testKeys('p384') }],
    release: [
      { version: FIRST, keys: testKeys('p256', 'first') },
      { version: SECOND, keys: testKeys('p256', 'second') },
    ],
  });
});
afterEach(() => vault.close());

function reference(path: string): AzureKeyReference {
  return parseKeyReference(`azurekms://myvault.vault.azure.net/${path}`) as AzureKeyReference;
}

async function open(path = 'release', options: Partial<AzureKeySignerOptions> = {}): Promise<Signer> {
  const { agent, credential } = vault;
  return createAzureKeySigner(reference(path), { environment: {}, agent, credential, ...options });
}

async function signing(signer: Signer, algorithm: SignatureAlgorithm = 'ecdsa-p256-sha256'): Promise<boolean> {
  const message = Buffer.from('what is signed');
  const { hash } = SIGNATURE_ALGORITHMS[algorithm];
  const digest = createHash(hash).update(message).digest();
  return verify(hash, message, await signer.publicKey(), await signer.sign({ algorithm, digest, message }));
}

/** What it fails with; the token may not stand in it. */
async function failure(work: () => Promise<unknown>): Promise<SignwrightError> {
  const error = await work().then(
    () => undefined,
    (thrown: SignwrightError) => thrown,
  );
  expect(error, 'it must fail').toBeDefined();
  const told = error as SignwrightError;
  expect(`${told.message} ${told.next} ${told.where} ${told.stack}`).not.toContain(vault.token);
  return told;
}

/** Requests that were let in. */
const authorized = () => vault.asked.filter(({ headers }) => headers.authorization !== undefined);

for (const key of ['p256', 'p256-hsm', 'rsa', 'rsa-hsm']) signerContract(`an Azure key (${key})`, () => open(key));

remoteSignerContract('an Azure key', async () => ({
  open: (options) => open('release', options),
  fault: (fault) => vault.befall(fault),
  faults: [
    'no permission to read the key',
    'no permission to sign',
    'no such key',
    'disabled',
    'throttled',
    'throttled twice',
    'broken',
    'silent',
    'down',
  ],
  permission: {
    read: /may not get it.*"Key Vault Crypto User".*keys\/get/s,
    sign: /may not sign it.*"Key Vault Crypto User".*keys\/sign/s,
  },
  signRequests: () => authorized().filter(({ path }) => path.endsWith('/sign')).length,
  secrets: [vault.token],
}));

describe('a version', () => {
  test('is the newest where none is named, and stays the one that was opened', async () => {
    const signer = await open();
    vault.keys.get('release')?.push({ version: '3'.repeat(32), keys: testKeys('p256', 'third') });
    expect((await signer.publicKey()).equals(testKeys('p256', 'second').publicKey)).toBe(true);
    expect(await signing(signer)).toBe(true);
    expect(vault.asked.at(-1)?.path).toBe(`/keys/release/${SECOND}/sign`);
  });

  test('is the one the reference names', async () => {
    const signer = await open(`release/${FIRST}`);
    expect((await signer.publicKey()).equals(testKeys('p256', 'first').publicKey)).toBe(true);
    expect(await signing(signer)).toBe(true);
  });

  test.each([
    ['of another vault', `https://evil.vault.azure.net/keys/release/${FIRST}`],
    ['of another key', `https://myvault.vault.azure.net/keys/other/${FIRST}`],
    ['other than was asked for', `https://myvault.vault.azure.net/keys/release/${SECOND}`],
    ['without a number', 'https://myvault.vault.azure.net/keys/release'],
  ])('%s in the answer is refused, and sent no token', async (_, kid) => {
    vault.keys.set('release', [{ version: FIRST, keys: testKeys('p256'), key: { kid } }]);
    expect(await failure(() => open(`release/${FIRST}`))).toMatchObject({ code: 'invalid-input', message: /another key/ });
    expect(authorized()).toHaveLength(1);
  });
});

describe('what is asked', () => {
  test('is signed by Azure, which is sent the digest alone, once and without asking for the key again', async () => {
    const signer = await open();
    await signing(signer);
    const sent = authorized();
    expect(sent.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /keys/release/',
      `POST /keys/release/${SECOND}/sign`,
    ]);
    expect(sent[1]?.body).toEqual({ alg: 'ES256', value: createHash('sha256').update('what is signed').digest('base64url') });
    expect(new Set(vault.scopes)).toEqual(new Set(['https://vault.azure.net/.default']));
  });

  test('goes nowhere where a token of another domain is asked for', async () => {
    vault.resource = 'https://vault.example';
    expect(await failure(() => open())).toMatchObject({ code: 'configuration', message: /of another domain/ });
    expect(vault.scopes).toEqual([]);
  });

  test('follows no redirect', async () => {
    vault.answer = () => ({ status: 307, headers: { location: `/keys/release/${FIRST}?api-version=7.4` } });
    expect(await failure(() => open())).toMatchObject({ code: 'configuration', message: /refers to another address/ });
    expect(authorized()).toHaveLength(1);
  });

  test('goes by verified TLS alone', async () => {
    const plain = parseKeyReference('azurekms://127.0.0.1:1/release') as AzureKeyReference;
    expect(await failure(() => createAzureKeySigner(plain, { environment: {} }))).toMatchObject({ message: /https alone/ });
    const environment = { NODE_TLS_REJECT_UNAUTHORIZED: '0' };
    expect(await failure(() => open('release', { environment }))).toMatchObject({ message: /NODE_TLS_REJECT_UNAUTHORIZED/ });
    expect(vault.asked).toEqual([]);
  });
});

describe('the printed examples', () => {
  test('are read: the key of RSA, and the signature as its bytes', async () => {
    const { getKey, sign } = AZURE_KEY_EXAMPLES;
    vault.answer = ({ method }) => ({ status: 200, body: method === 'GET' ? getKey.answer : sign.answer });
    const signer = await open('CreateSoftKeyTest/78deebed173b48e48f55abf87ed4cf71');
    const { n, e } = (await signer.publicKey()).export({ format: 'jwk' });
    expect({ n, e }).toEqual({ n: getKey.answer.key.n, e: getKey.answer.key.e });
    const signature = await signer.sign({ algorithm: 'rsa-pkcs1-sha256', digest: Buffer.alloc(32) });
    expect(Buffer.from(signature).toString('base64url')).toBe(sign.answer.value);
  });
});

describe('P-384', () => {
  test('signs SHA-384 alone, and says so before anything is sent', async () => {
    const signer = await open('p384');
    expect(await signing(signer, 'ecdsa-p384-sha384')).toBe(true);
    const before = vault.asked.length;
    expect(await failure(() => signing(signer, 'ecdsa-p384-sha256'))).toMatchObject({
      code: 'configuration',
      message: 'the key does not sign by ecdsa-p384-sha256, only by ecdsa-p384-sha384',
    });
    expect(vault.asked.length).toBe(before);
  });
});

describe('a key is refused', () => {
  const day = 86_400;
  const now = Math.floor(Date.now() / 1000);
  const version = (change: Partial<FakeAzureKeyVersion>): FakeAzureKeyVersion => ({
    version: FIRST,
    keys: testKeys('p256'),
    ...change,
  });
  test.each([
    ['that is disabled', version({ attributes: { enabled: false } }), /is disabled/],
    ['that does not say it is enabled', version({ attributes: { enabled: undefined } }), /is disabled/],
    ['that is not active yet', version({ attributes: { nbf: now + day } }), /not active before/],
    ['that has expired', version({ attributes: { exp: now - day } }), /expired at/],
    ['that may not sign', version({ key: { key_ops: ['verify', 'encrypt'] } }), /may not sign/],
    ['of another curve', version({ keys: testKeys('p521') }), /type EC P-521/],
    ['of bitcoin’s curve', version({ key: { crv: 'P-256K' } }), /type EC P-256K/],
    ['that is symmetric', version({ key: { kty: 'oct-HSM', crv: undefined } }), /type oct-HSM/],
    ['of RSA with 1024 bits', version({ keys: testKeys('rsa1024') }), /RSA key of 1024 bits/],
    ['of a type with a terminal’s commands in it', version({ key: { kty: '\u001b[2J' } }), /type unknown/],
  ])('%s', async (_, key, message) => {
    vault.keys.set('release', [key]);
    expect(await failure(() => open())).toMatchObject({ code: 'configuration', message });
  });

  test('whose public key is none', async () => {
    vault.keys.set('release', [version({ key: { x: 'AAAA' } })]);
    expect(await failure(() => open())).toMatchObject({ code: 'invalid-input', message: /public key that is none/ });
  });

  test('that expires between opening and signing', async () => {
    const exp = Math.floor(Date.now() / 1000) + 2;
    vault.keys.set('release', [version({ attributes: { exp } })]);
    const signer = await open();
    await new Promise((resolve) => setTimeout(resolve, exp * 1000 - Date.now() + 50));
    expect(await failure(() => signing(signer))).toMatchObject({ code: 'configuration', message: /not active any more/ });
  });
});

describe('an answer', () => {
  test.each([
    ['of another length', Buffer.alloc(63, 1)],
    ['in DER', Buffer.alloc(70, 0x30)],
    ['with r = 0', Buffer.concat([Buffer.alloc(32), Buffer.alloc(32, 1)])],
  ])('%s is no signature', async (_, value) => {
    const signer = await open();
    vault.answer = () => ({ status: 200, body: { kid: 'https://x', value: value.toString('base64url') } });
    expect(await failure(() => signing(signer))).toMatchObject({
      code: 'invalid-input',
      message: /no ECDSA signature of 64 bytes/,
    });
  });

  test.each([
    ['of a success with nothing in it', { status: 200, body: {} }, 'invalid-input', /cannot be read/],
    [
      'of a success that is no JSON',
      { status: 200, headers: { 'content-type': 'text/html' } },
      'invalid-input',
      /cannot be read/,
    ],
    ['of an error without a word', { status: 503 }, 'unreachable', /broken \(503/],
    ['of a gateway', { status: 502, headers: { 'content-type': 'text/html' } }, 'unreachable', /broken \(502/],
    ['in another form', { status: 403, body: ['no'] }, 'configuration', /this identity may not get it/],
    [
      'for those behind a firewall',
      forbidden('ForbiddenByFirewall', 'Client address is not authorized'),
      'configuration',
      /firewall/,
    ],
    [
      'of 403 for a disabled key',
      forbidden('KeyDisabled', 'Operation get is not allowed on a disabled key.'),
      'configuration',
      /disabled/,
    ],
  ])('%s is told from others', async (_, answer, code, message) => {
    vault.answer = () => answer;
    expect(await failure(() => open('release', { deadlineMs: 4_000 }))).toMatchObject({ code, message, next: /./ });
  });

  test('of 403 names who asked, as Azure has it', async () => {
    vault.befall('no permission to read the key');
    const told = await failure(() => open());
    expect(told.message).toContain(
      'appid 5323f9a7-c851-4dd3-9116-4db61e363f3b, oid faf80fe8-19dc-4674-bf55-669b818e288d may not get it',
    );
    expect(told.next).toContain('Microsoft.KeyVault/vaults/keys/read');
  });

  test.each(['all', 'authorized', 'compressed'] as const)('without end (%s) is not read to its end', async (flood) => {
    vault.flood = flood;
    const before = process.memoryUsage().rss;
    const told = await failure(() => open('release', { deadlineMs: 5_000 }));
    expect(told).toMatchObject({ code: 'invalid-input', message: /its answer cannot be read/ });
    expect(process.memoryUsage().rss - before).toBeLessThan(128 * 1024 * 1024);
    expect(vault.scopes).toHaveLength(flood === 'authorized' ? 1 : 0);
  });

  test('of 429 is waited for as long as it asks', async () => {
    const signer = await open();
    let left = 1;
    vault.answer = () => (left-- > 0 ? { status: 429, body: {}, headers: { 'retry-after': '1' } } : undefined);
    const started = performance.now();
    expect(await signing(signer)).toBe(true);
    expect(performance.now() - started).toBeGreaterThanOrEqual(990);
  });
});

describe('credentials', () => {
  const named = (name: string, message: string, more: object = {}): Error => Object.assign(new Error(message), { name, ...more });
  test.each([
    [named('CredentialUnavailableError', 'EnvironmentCredential is unavailable'), 'configuration', /there are no credentials/],
    [named('AggregateAuthenticationError', 'ChainedTokenCredential failed'), 'configuration', /there are no credentials/],
    [named('AuthenticationRequiredError', 'x'), 'configuration', /there are no credentials/],
    [
      named('AuthenticationError', 'invalid_client AADSTS7000215: secret hunter2', { statusCode: 401 }),
      'configuration',
      /AADSTS7000215/,
    ],
    [
      named('AuthenticationError', 'AADSTS700024: assertion eyJ0 is expired', { statusCode: 401 }),
      'configuration',
      /have expired/,
    ],
    [named('AuthenticationError', 'oops', { statusCode: 503 }), 'unreachable', /Entra.*did not answer/],
    [named('AuthenticationRequiredError', 'network_error: ENOTFOUND'), 'unreachable', /Entra.*did not answer/],
  ])('that fail with %s are explained by code, not by what was said', async (error, code, message) => {
    const credential = {
      async getToken(): Promise<never> {
        throw error;
      },
    };
    const environment = { AZURE_CLIENT_ID: '5323f9a7-c851-4dd3-9116-4db61e363f3b' };
    const told = await failure(() => open('release', { credential, environment }));
    expect(told).toMatchObject({ code, message, next: /./ });
    expect(`${told.message}${told.next}${told.stack}`).not.toMatch(/hunter2|eyJ0/);
  });

  test('that Key Vault does not accept are of another tenant, most likely', async () => {
    const credential = { getToken: async () => ({ token: 'wrong', expiresOnTimestamp: Date.now() + 3_600_000 }) };
    expect(await failure(() => open('release', { credential }))).toMatchObject({
      code: 'configuration',
      next: /AZURE_TENANT_ID/,
    });
  });

  test('are the service connection of a pipeline where there is one, else what is found', () => {
    const environment = {
      AZURESUBSCRIPTION_TENANT_ID: '72f988bf-86f1-41af-91ab-2d7cd011db47',
      AZURESUBSCRIPTION_CLIENT_ID: '5323f9a7-c851-4dd3-9116-4db61e363f3b',
      AZURESUBSCRIPTION_SERVICE_CONNECTION_ID: 'faf80fe8-19dc-4674-bf55-669b818e288d',
      SYSTEM_ACCESSTOKEN: 'hunter2',
    };
    process.env['SYSTEM_OIDCREQUESTURI'] = 'https://dev.azure.example/oidc';
    try {
      expect(credentialOf(sdk, environment, 'x')).toBeInstanceOf(sdk.AzurePipelinesCredential);
    } finally {
      delete process.env['SYSTEM_OIDCREQUESTURI'];
    }
    expect(credentialOf(sdk, { ...environment, SYSTEM_ACCESSTOKEN: undefined }, 'x')).toBeInstanceOf(sdk.DefaultAzureCredential);
    expect(() => credentialOf(sdk, environment, 'x')).toThrow(/CredentialUnavailableError/);
  });
});

test('what issues tokens is not read without end either', () => {
  const made: unknown[] = [];
  function record(...given: unknown[]): void {
    made.push(given.at(-1));
  }
  const recording = { ...sdk, DefaultAzureCredential: record, AzurePipelinesCredential: record } as unknown as typeof sdk;
  const names = ['TENANT_ID', 'CLIENT_ID', 'SERVICE_CONNECTION_ID'].map((name) => [`AZURESUBSCRIPTION_${name}`, 'x']);
  for (const environment of [{}, { ...Object.fromEntries(names), SYSTEM_ACCESSTOKEN: 'x' }])
    credentialOf(recording, environment, 'x');
  for (const options of made) expect(options).toMatchObject({ additionalPolicies: [boundedAnswers] });
  expect(made).toHaveLength(2);
});

function forbidden(inner: string, message: string): { status: number; body: object } {
  return { status: 403, body: { error: { code: 'Forbidden', message, innererror: { code: inner } } } };
}
