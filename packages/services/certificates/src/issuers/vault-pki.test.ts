import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { certificateRequest, parseCertificate, type SignwrightError, sanOf } from '@signwright/signing-core';
import { certificateIssuerContract, type FakeVault, startFakeVault, VAULT_EXAMPLES } from '@signwright/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createVaultIssuer, type VaultIssuerOptions } from '../index.ts';

let vault: FakeVault;
beforeEach(async () => {
  vault = await startFakeVault();
});
afterEach(() => vault.close());

const ROLE = '/v1/pki/sign/release';
const NAME = 'https://git.example/a//ci.yml@refs/heads/main';
const request = () => certificateRequest(generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey);
const issuer = (options: Partial<VaultIssuerOptions> = {}) => createVaultIssuer({ url: `${vault.address}${ROLE}`, ...options });

certificateIssuerContract("Vault's PKI", async () => ({
  issuer: issuer(),
  idToken: async () => vault.mintIdToken(),
  now: () => new Date(),
  onlyIssuer: 'https://gitlab.example',
}));

async function refusal(work: () => Promise<unknown>): Promise<SignwrightError> {
  const told = await work().then(
    () => undefined,
    (error: SignwrightError) => error,
  );
  expect(told, 'it must fail').toBeDefined();
  const error = told as SignwrightError;
  for (const secret of vault.secrets)
    expect(`${error.message} ${error.next} ${error.where} ${error.stack}`).not.toContain(secret);
  return error;
}

describe('a certificate', () => {
  test('comes with its chain to the root, by one login with the ID token and one request', async () => {
    const token = vault.mintIdToken();
    const chain = await issuer().issue(request(), token);
    const { ca, root } = vault.pki;
    expect(chain.slice(1).map((der) => Buffer.from(der))).toEqual([ca.der, root.der]);
    const [login, sign] = vault.asked;
    expect(vault.asked).toHaveLength(2);
    expect(login).toMatchObject({ method: 'POST', path: 'auth/jwt/login', body: { role: 'release', jwt: token } });
    expect(sign).toMatchObject({ method: 'POST', path: 'pki/sign/release' });
    expect(Object.keys(sign?.body ?? {}).sort()).toEqual(['csr', 'format', 'uri_sans']);
    expect(sign?.headers['x-vault-token']).not.toBe(token);
    expect(login?.headers['x-vault-token']).toBeUndefined();
  });

  test('is asked for with the life that is wanted', async () => {
    await issuer({ validity: 3600 }).issue(request(), vault.mintIdToken());
    expect(vault.asked.at(-1)?.body).toMatchObject({ ttl: '3600s' });
  });

  test.each([
    [{}, NAME],
    [{ sub: 'project_path:a:ref_type:branch:ref:main' }, NAME],
    [{ sub: 'repo:acme/app:ref:refs/heads/main' }, 'repo:acme/app:ref:refs/heads/main'],
    [{ sub: 'p://acme/project/pipeline' }, 'p://acme/project/pipeline'],
    [{ sub: 'system:serviceaccount:ci:signer' }, 'system:serviceaccount:ci:signer'],
  ])('of a token with %j names %s', async (claims, name) => {
    const [leaf] = await issuer().issue(request(), vault.mintIdToken(claims));
    expect(sanOf(parseCertificate(leaf as Uint8Array))).toBe(name);
  });

  test('is had in a namespace, by a login mounted elsewhere as another role, where it is told so', async () => {
    vault.namespace = 'acme';
    const told = await refusal(() => issuer().issue(request(), vault.mintIdToken()));
    expect(told).toMatchObject({ code: 'configuration' });
    const [leaf] = await issuer({ namespace: 'acme', role: 'release', loginMount: 'jwt' }).issue(request(), vault.mintIdToken());
    expect(new X509Certificate(leaf as Uint8Array).ca).toBe(false);
  });

  test('whose chain is the issuing CA alone is taken too', async () => {
    const real = await issuer().issue(request(), vault.mintIdToken());
    const [leaf, ca] = real.map((der) => new X509Certificate(der).toString());
    vault.answer = ({ path }) =>
      path === 'pki/sign/release' ? { status: 200, body: { data: { certificate: leaf, issuing_ca: ca } } } : undefined;
    expect(await issuer().issue(request(), vault.mintIdToken())).toHaveLength(2);
  });
});

describe('a certificate is refused', () => {
  test('that names nobody, as where the role takes names from the request alone', async () => {
    vault.pki.role.use_csr_sans = true;
    const told = await refusal(() => issuer().issue(request(), vault.mintIdToken()));
    expect(told).toMatchObject({ code: 'invalid-input', message: /does not name/, next: /use_csr_sans=false/ });
  });

  test('that names another workload', async () => {
    const other = await issuer().issue(request(), vault.mintIdToken({ sub: 'repo:acme/other:ref:refs/heads/main' }));
    const [leaf, ...chain] = other.map((der) => new X509Certificate(der).toString());
    vault.answer = ({ path }) =>
      path === 'pki/sign/release'
        ? { status: 200, body: { data: { certificate: leaf, issuing_ca: '', ca_chain: chain } } }
        : undefined;
    const told = await refusal(() => issuer().issue(request(), vault.mintIdToken()));
    expect(told).toMatchObject({ code: 'invalid-input', message: new RegExp(`does not name ${NAME.replaceAll('/', '\\/')}`) });
  });

  test('that is shortened, as in the printed example', async () => {
    vault.answer = ({ path }) => (path === 'pki/sign/release' ? { status: 200, body: VAULT_EXAMPLES.pkiSign.answer } : undefined);
    expect(await refusal(() => issuer().issue(request(), vault.mintIdToken()))).toMatchObject({ code: 'invalid-input' });
  });
});

describe('a request is refused', () => {
  test.each([
    [{ aud: 'sigstore' }, 'denied', /login at auth\/jwt\/login \(400\): .*audience/],
    [{ exp: 1_000 }, 'denied', /token is expired/],
    [{ sub: 'no uri', ci_config_ref_uri: undefined }, 'configuration', /by no URI/],
    [{ sub: 'javascript: 1', ci_config_ref_uri: 'a b' }, 'configuration', /by no URI/],
  ])('for a token with %j', async (claims, code, message) => {
    expect(await refusal(() => issuer().issue(request(), vault.mintIdToken(claims)))).toMatchObject({ code, message });
  });

  test('by a role that wants a common name, and says so', async () => {
    vault.pki.role.require_cn = true;
    const told = await refusal(() => issuer().issue(request(), vault.mintIdToken()));
    expect(told).toMatchObject({ code: 'denied', message: /common_name/, next: /require_cn=false/ });
  });

  test('for lack of a right, which is named', async () => {
    vault.befall('no permission to sign');
    const told = await refusal(() => issuer().issue(request(), vault.mintIdToken()));
    expect(told).toMatchObject({
      code: 'denied',
      next: 'grant it in a policy: path "pki/sign/release" { capabilities = ["update"] }',
    });
  });

  test.each([
    [429, 'unreachable', /throttled/],
    [503, 'unreachable', /sealed/],
    [404, 'configuration', /status 404/],
    [307, 'configuration', /status 307/],
  ])('by a server that says %i', async (status, code, message) => {
    vault.answer = () => ({ status, body: { errors: ['Vault is sealed'] }, headers: { location: 'http://127.0.0.1:1/' } });
    expect(await refusal(() => issuer({ deadlineMs: 3_000 }).issue(request(), vault.mintIdToken()))).toMatchObject({
      code,
      message,
    });
  });

  test('by a server that repeats what it was sent, of which nothing is shown', async () => {
    vault.answer = ({ body, headers, path }) =>
      path.startsWith('auth/')
        ? undefined
        : { status: 400, body: { errors: [`${String(headers['x-vault-token'])} ${JSON.stringify(body)}`] } };
    expect(await refusal(() => issuer().issue(request(), vault.mintIdToken()))).toMatchObject({ code: 'denied' });
  });

  test.each(['/', '/v1/pki/sign/', '/v1/pki/issue/release', '/v1/sign/release', '/v1/pki/sign/a/b'])(
    'where its address is %s',
    (path) => {
      expect(() => createVaultIssuer({ url: `https://vault.example${path}` })).toThrow(/names no role|no role to sign by/);
    },
  );

  test('when it is stopped, or nobody answers', async () => {
    vault.befall('silent');
    expect(await refusal(() => issuer({ deadlineMs: 100 }).issue(request(), vault.mintIdToken()))).toMatchObject({
      code: 'unreachable',
      message: /0\.1 s/,
    });
    const stop = AbortSignal.timeout(50);
    expect(await refusal(() => issuer({ signal: stop }).issue(request(), vault.mintIdToken()))).toMatchObject({
      code: 'cancelled',
    });
  });
});
