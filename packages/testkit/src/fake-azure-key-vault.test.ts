import { constants, publicDecrypt } from 'node:crypto';
import { request } from 'node:https';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AZURE_KEY_EXAMPLES, type FakeAzureKeyVault, startFakeAzureKeyVault, testKeys } from './index.ts';

const { getKey, sign } = AZURE_KEY_EXAMPLES;
const keys = testKeys('rsa2048');

let vault: FakeAzureKeyVault;
beforeEach(async () => {
  vault = await startFakeAzureKeyVault({
    CreateSoftKeyTest: [{ version: '78deebed173b48e48f55abf87ed4cf71', keys }],
    testkey: [{ version: '9885aa558e8d448789683188f8c194b0', keys }],
  });
});
afterEach(() => vault.close());

type Example = { readonly method: string; readonly host: string; readonly path: string; readonly body?: object };
type Body = { readonly key: object; readonly kid: string; readonly value: string; readonly error: object };
type Answer = { readonly status: number | undefined; readonly headers: object; readonly body: Body };

async function ask({ method, host, path, body }: Example, query = '?api-version=7.4', token = vault.token): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
    const sent = request({ method, host, path: `${path}${query}`, agent: vault.agent, headers }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, body: JSON.parse(text) as Body }),
      );
    });
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

test('answers the printed request for a key as it is printed', async () => {
  const { status, body } = await ask(getKey);
  expect(status).toBe(200);
  expect(Object.keys(body.key).sort()).toEqual(Object.keys(getKey.answer.key).sort());
  expect(body).toMatchObject({
    key: { kid: getKey.answer.key.kid, kty: 'RSA', e: 'AQAB' },
    attributes: getKey.answer.attributes,
  });
});

test('answers the printed request to sign as it is printed, with a signature that holds', async () => {
  const { status, body } = await ask(sign);
  expect(status).toBe(200);
  expect(body.kid).toBe(sign.answer.kid);
  expect(body.value).toHaveLength(sign.answer.value.length);
  const opened = publicDecrypt(
    { key: keys.publicKey, padding: constants.RSA_PKCS1_PADDING },
    Buffer.from(body.value, 'base64url'),
  );
  expect(opened.subarray(-64).toString('base64url')).toBe(sign.body.value);
});

test('asks for a token as Key Vault does', async () => {
  const { status, headers } = await ask(getKey, '?api-version=7.4', 'nonsense');
  expect(status).toBe(401);
  expect(headers).toMatchObject({
    'www-authenticate': expect.stringMatching(/^Bearer authorization="https:\/\/\S+", resource="https:\/\/vault.azure.net"$/),
  });
});

test.each([
  ['no version of the API', sign, '', 400],
  ['one it does not know', sign, '?api-version=6.0', 400],
  ['a wrong method', { ...sign, method: 'PUT' }, undefined, 405],
  ['a wrong path', { ...sign, path: '/key/testkey' }, undefined, 404],
  ['a key it does not have', { ...getKey, path: '/keys/other' }, undefined, 404],
  ['another field', { ...sign, body: { ...sign.body, digest: 'x' } }, undefined, 400],
  ['an algorithm of another key', { ...sign, body: { ...sign.body, alg: 'ES512' } }, undefined, 400],
  ['an algorithm of another type of key', { ...sign, body: { ...sign.body, alg: 'ES256' } }, undefined, 400],
  ['a digest of another length', { ...sign, body: { ...sign.body, alg: 'RS256' } }, undefined, 400],
] as const)('refuses %s', async (_, example, query, status) => {
  const answer = await ask(example, query);
  expect(answer.status).toBe(status);
  expect(answer.body.error).toMatchObject({ code: expect.any(String), message: expect.any(String) });
});
