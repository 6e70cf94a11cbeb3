import { verify } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FakeVault, startFakeVault, testKeys, VAULT_EXAMPLES } from './index.ts';

let vault: FakeVault;
beforeEach(async () => {
  vault = await startFakeVault({ 'my-key': { type: 'ecdsa-p256', versions: [testKeys('p256')], said: {} } });
});
afterEach(() => vault.close());

type Answer = { readonly data: { readonly signature: string }; readonly errors: unknown };
type Example = { readonly method: string; readonly path: string; readonly body?: object };

async function ask(
  { method, path, body }: Example,
  headers: object = { 'x-vault-token': vault.token },
): Promise<{ status: number; body: Answer }> {
  const response = await fetch(`${vault.address}/v1/${path}`, {
    method,
    headers: { 'x-vault-request': 'true', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Answer };
}

/** Whether an answer has every member that the printed one has, each of the same kind. */
function sameShape(found: unknown, printed: unknown): boolean {
  if (printed === null || found === null) return found === printed;
  if (typeof printed !== 'object') return typeof found === typeof printed;
  return Object.entries(printed).every(([name, value]) => sameShape((found as Record<string, unknown>)[name], value));
}

test('answers the printed request to sign as it is printed, with a signature that holds', async () => {
  const { status, body } = await ask(VAULT_EXAMPLES.sign);
  expect(status).toBe(200);
  expect(sameShape(body, VAULT_EXAMPLES.sign.answer)).toBe(true);
  const signature = Buffer.from(body.data.signature.replace('vault:v1:', ''), 'base64');
  expect(verify('sha512', Buffer.from(VAULT_EXAMPLES.sign.body.input, 'base64'), testKeys('p256').publicKey, signature)).toBe(
    true,
  );
});

test('answers the other printed requests with what is printed', async () => {
  const read = (await ask(VAULT_EXAMPLES.readKey)).body;
  // What a key's versions are depends on its type.
  const { keys: _, ...printed } = VAULT_EXAMPLES.readKey.answer.data;
  expect(sameShape(read.data, printed)).toBe(true);
  expect((await ask(VAULT_EXAMPLES.lookUpSelf)).body.data).toEqual({ ...VAULT_EXAMPLES.lookUpSelf.answer.data, id: vault.token });
  const jwt = await ask({ ...VAULT_EXAMPLES.jwtLogin, body: { role: 'release', jwt: vault.mintIdToken() } }, {});
  expect(sameShape(jwt.body, VAULT_EXAMPLES.jwtLogin.answer)).toBe(true);
  const appRole = await ask({ ...VAULT_EXAMPLES.appRoleLogin, body: vault.appRole }, {});
  expect(sameShape(appRole.body, VAULT_EXAMPLES.appRoleLogin.answer)).toBe(true);
});

test.each([
  ['a wrong method', { ...VAULT_EXAMPLES.sign, method: 'PUT' }, undefined, 405],
  ['a wrong path', { ...VAULT_EXAMPLES.sign, path: 'transit/signs/my-key' }, undefined, 404],
  ['a field it does not know', { ...VAULT_EXAMPLES.sign, body: { ...VAULT_EXAMPLES.sign.body, prehash: true } }, undefined, 400],
  ['a hash it does not know', { ...VAULT_EXAMPLES.sign, path: 'transit/sign/my-key/sha256' }, undefined, 400],
  ['no token', VAULT_EXAMPLES.sign, {}, 403],
  ['a header it does not know', VAULT_EXAMPLES.sign, { 'x-vault-tokens': 'x' }, 400],
  ['a printed token that is nobody’s', VAULT_EXAMPLES.jwtLogin, {}, 400],
] as const)('refuses %s', async (_, example, headers, status) => {
  const answer = await ask(example, headers);
  expect(answer.status).toBe(status);
  expect(answer.body.errors).toEqual([expect.any(String)]);
});
