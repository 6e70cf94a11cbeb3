import { createHash, verify } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Environment,
  parseKeyReference,
  type Signer,
  type SignwrightError,
  type VaultReference,
} from '@signwright/signing-core';
import {
  type FakeVault,
  remoteSignerContract,
  signerContract,
  startFakeVault,
  type TestKeyType,
  testKeys,
  VAULT_EXAMPLES,
} from '@signwright/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createVaultSigner, type VaultSignerOptions } from './index.ts';

const TYPES: readonly (readonly [string, TestKeyType])[] = [
  ['ecdsa-p256', 'p256'],
  ['ecdsa-p384', 'p384'],
  ['rsa-2048', 'rsa2048'],
  ['ed25519', 'ed25519'],
];

let vault: FakeVault;
beforeEach(async () => {
  vault = await startFakeVault(
    Object.fromEntries(TYPES.map(([type, keys]) => [type, { type, versions: [testKeys(keys)], said: {} }])),
  );
  vault.keys.set('release', { type: 'ecdsa-p256', versions: [testKeys('p256', 'first'), testKeys('p256', 'second')], said: {} });
});
afterEach(() => vault.close());

function reference(key: string, query = ''): VaultReference {
  return parseKeyReference(`hashivault://${key}?address=${vault.address}${query}`) as VaultReference;
}

async function open(key = 'release', query = '', options: Partial<VaultSignerOptions> = {}): Promise<Signer> {
  const environment: Environment = {
    VAULT_TOKEN: vault.token,
    VAULT_ROLE_ID: vault.appRole.role_id,
    VAULT_SECRET_ID: vault.appRole.secret_id,
  };
  return createVaultSigner(reference(key, query), { environment, idToken: async () => vault.mintIdToken(), ...options });
}

async function signing(signer: Signer): Promise<boolean> {
  const message = Buffer.from('what is signed');
  const digest = createHash('sha256').update(message).digest();
  return verify(
    'sha256',
    message,
    await signer.publicKey(),
    await signer.sign({ algorithm: 'ecdsa-p256-sha256', digest, message }),
  );
}

/** What it fails with; nothing secret may stand in it. */
async function failure(work: () => Promise<unknown>): Promise<SignwrightError> {
  const error = await work().then(
    () => undefined,
    (thrown: SignwrightError) => thrown,
  );
  expect(error, 'it must fail').toBeDefined();
  const told = error as SignwrightError;
  for (const secret of vault.secrets) expect(`${told.message} ${told.next} ${told.where} ${told.stack}`).not.toContain(secret);
  return told;
}

const paths = (): string[] => vault.asked.map(({ path }) => path);

for (const [type] of TYPES) signerContract(`a transit key of type ${type}`, () => open(type));

for (const login of ['token', 'jwt&role=release'])
  remoteSignerContract(`a transit key, by login=${login}`, async () => ({
    open: (options) => open('release', `&login=${login}`, options),
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
    permission: { read: /may not read transit\/keys\/release/, sign: /may not update transit\/sign\/release\/sha2-256/ },
    signRequests: () => paths().filter((path) => path.startsWith('transit/sign/')).length,
    secrets: vault.secrets,
  }));

describe('a version', () => {
  test('is the newest where none is named, and stays the one that was opened', async () => {
    const signer = await open();
    const keys = vault.keys.get('release');
    if (keys) keys.versions = [...keys.versions, testKeys('p256', 'third')];
    expect((await signer.publicKey()).equals(testKeys('p256', 'second').publicKey)).toBe(true);
    expect(await signing(signer)).toBe(true);
    expect(vault.asked.at(-1)?.body['key_version']).toBe(2);
  });

  test('is the one the reference names', async () => {
    const signer = await open('release', '&version=1');
    expect((await signer.publicKey()).equals(testKeys('p256', 'first').publicKey)).toBe(true);
    expect(await signing(signer)).toBe(true);
  });

  test('that is not there names those that are', async () => {
    expect(await failure(() => open('release', '&version=3'))).toMatchObject({ code: 'configuration', next: /1, 2/ });
  });

  test('below min_encryption_version is refused, also where it became so meanwhile', async () => {
    const signer = await open('release', '&version=1');
    vault.keys.set('release', {
      ...(vault.keys.get('release') as NonNullable<ReturnType<FakeVault['keys']['get']>>),
      said: { min_encryption_version: 2 },
    });
    for (const work of [() => signing(signer), () => open('release', '&version=1')])
      expect(await failure(work)).toMatchObject({ code: 'configuration', message: /min_encryption_version/ });
  });

  test.each([
    ['another version', 'vault:v1:MEUC', /by version 1/],
    ['no version', 'MEUC', /vault:vN:BASE64/],
    ['a prefix of its own', 'kms:v2:MEUC', /vault:vN:BASE64/],
    ['base64 for URLs', 'vault:v2:ME-C', /vault:vN:BASE64/],
    ['base64 with bits to spare', 'vault:v2:MEV=', /base64/],
    ['a leading zero', 'vault:v02:MEUC', /vault:vN:BASE64/],
  ])('of a signature is checked: %s is refused', async (_, signature, message) => {
    const signer = await open();
    vault.answer = ({ path }) => (path.includes('/sign/') ? { status: 200, body: { data: { signature } } } : undefined);
    expect(await failure(() => signing(signer))).toMatchObject({ code: 'invalid-input', message });
  });
});

describe('what is asked', () => {
  test('is as the API has it: digest, hash, scheme and version, and a namespace where one is named', async () => {
    vault.namespace = 'acme/build';
    vault.mount = 'keys/transit';
    await signing(await open('release', '&namespace=acme/build&mount=keys/transit'));
    const [read, sign] = vault.asked;
    expect([read?.method, read?.path, sign?.method, sign?.path]).toEqual([
      'GET',
      'keys/transit/keys/release',
      'POST',
      'keys/transit/sign/release/sha2-256',
    ]);
    expect(sign?.headers).toMatchObject({ 'x-vault-namespace': 'acme/build/', 'x-vault-token': vault.token });
    expect(sign?.body).toEqual({
      input: createHash('sha256').update('what is signed').digest('base64'),
      prehashed: true,
      key_version: 2,
      marshaling_algorithm: 'asn1',
    });
  });

  test('goes to VAULT_ADDR, in VAULT_NAMESPACE, where the reference says neither', async () => {
    vault.namespace = 'acme';
    const environment = { VAULT_ADDR: vault.address, VAULT_NAMESPACE: 'acme/', VAULT_TOKEN: vault.token };
    const named = parseKeyReference('hashivault://release') as VaultReference;
    expect(await signing(await createVaultSigner(named, { environment }))).toBe(true);
  });

  test.each([
    'https://vault.honest.example',
    'https://127.0.0.1:1',
    'http://localhost',
    'nonsense',
    'https://u:hunter2@x.example',
  ])('of the environment goes nowhere else than to VAULT_ADDR=%s, whatever address= says', async (VAULT_ADDR) => {
    const environment = { VAULT_ADDR, VAULT_TOKEN: vault.token, VAULT_ROLE_ID: 'a', VAULT_SECRET_ID: 'b' };
    for (const query of ['', '&login=token', '&login=approle']) {
      const told = await failure(() => open('release', query, { environment }));
      expect(told).toMatchObject({ code: 'configuration', message: /VAULT_ADDR names/, next: /set VAULT_ADDR=http:/ });
      expect(`${told.message}${told.next}`).not.toContain('hunter2');
    }
    expect(vault.asked).toEqual([]);
  });

  test('goes to address= where VAULT_ADDR names the same Vault, and an ID token, which is for it, in any case', async () => {
    const VAULT_TOKEN = vault.token;
    expect(await signing(await open('release', '', { environment: { VAULT_ADDR: `${vault.address}/`, VAULT_TOKEN } }))).toBe(
      true,
    );
    const environment = { VAULT_ADDR: 'https://vault.honest.example' };
    expect(await signing(await open('release', '&login=jwt&role=release', { environment }))).toBe(true);
  });

  test.each([
    [undefined, /VAULT_ADDR/],
    ['vault.example', /no address/],
    ['http://vault.example', /http is for this machine alone/],
    ['https://user:secret@vault.example', /carries a user/],
    ['https://vault.example/prefix', /more than a host/],
    ['ftp://vault.example', /no address/],
  ])('never goes to VAULT_ADDR=%s', async (address, message) => {
    const named = parseKeyReference('hashivault://release') as VaultReference;
    const environment = { VAULT_ADDR: address, VAULT_TOKEN: 't' };
    const told = await failure(() => createVaultSigner(named, { environment }));
    expect(told).toMatchObject({ code: 'configuration', message });
    expect(told.message).not.toContain('secret');
  });
});

describe('a key that signs nothing here', () => {
  test('is refused by its type, as the printed example of reading one is', async () => {
    vault.answer = () => ({ status: 200, body: VAULT_EXAMPLES.readKey.answer });
    expect(await failure(() => open())).toMatchObject({ code: 'configuration', message: /aes256-gcm96/, next: /ecdsa-p256/ });
  });

  test.each([
    [{ type: 'ecdsa-p521' }, 'configuration', /ecdsa-p521/],
    [{ derived: true }, 'configuration', /derived/],
    [{ supports_signing: false }, 'configuration', /nothing is signed/],
    [{ type: 'rsa-2048' }, 'invalid-input', /not rsa-2048/],
    [{ latest_version: 'two' }, 'invalid-input', /latest_version/],
    [{ keys: { '1': 1442851412, '2': 1442851412 } }, 'invalid-input', /public_key/],
    [{ keys: { '2': { public_key: 'nonsense' } } }, 'invalid-input', /public_key/],
    [{ type: '\u001b[31m' }, 'configuration', /of type unknown/],
  ])('is refused: %j', async (said, code, message) => {
    vault.keys.set('release', { type: 'ecdsa-p256', versions: [testKeys('p256'), testKeys('p256')], said });
    expect(await failure(() => open())).toMatchObject({ code, message, where: expect.stringContaining('hashivault://release') });
  });
});

describe('the printed signature', () => {
  test('is read as the DER it is', async () => {
    const signer = await open('release', '&version=1');
    vault.answer = () => ({ status: 200, body: VAULT_EXAMPLES.sign.answer });
    const digest = Buffer.alloc(32);
    const signature = Buffer.from(await signer.sign({ algorithm: 'ecdsa-p256-sha256', digest }));
    expect(signature.toString('base64')).toBe(VAULT_EXAMPLES.sign.answer.data.signature.slice('vault:v1:'.length));
  });
});

describe('a token', () => {
  test('of a login is used until its lease ends, then there is another login', async () => {
    vault.lease = 5.2;
    const signer = await open('release', '&login=jwt&role=release');
    expect(await signing(signer)).toBe(true);
    expect(paths().filter((path) => path === 'auth/jwt/login')).toHaveLength(1);
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(await signing(signer)).toBe(true);
    expect(paths().filter((path) => path === 'auth/jwt/login')).toHaveLength(2);
  });

  test('of a login that ends before is replaced once, for all that are under way', async () => {
    const signer = await open('release', '&login=approle');
    vault.revoke(vault.secrets.at(-1) as string);
    expect(await Promise.all(Array.from({ length: 16 }, () => signing(signer)))).toEqual(Array(16).fill(true));
    expect(paths().filter((path) => path === 'auth/approle/login')).toHaveLength(2);
  });

  test('of a login is not replaced for lack of a right', async () => {
    const signer = await open('release', '&login=jwt&role=release');
    vault.befall('no permission to sign');
    const told = await failure(() => signing(signer));
    expect(told.message).toMatch(/"jwt-release", entity 7d2e3179-/);
    expect(told.next).toBe('grant it in a policy: path "transit/sign/release/sha2-256" { capabilities = ["update"] }');
    expect(paths().filter((path) => path === 'auth/jwt/login')).toHaveLength(1);
  });

  test.each([['2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n'], ['bad token']])(
    'of the environment that Vault calls ended ("%s") is refused: the next key is not for those whose token is none',
    async (said) => {
      const signer = await open();
      vault.answer = () => ({ status: 403, body: { errors: [said] } });
      expect(await failure(() => signing(signer))).toMatchObject({
        code: 'configuration',
        message: /VAULT_TOKEN.*expired or was revoked/,
      });
    },
  );

  test('that is denied, and may not ask about itself either, is a denial: no other key takes its place', async () => {
    const signer = await open();
    vault.revoke(vault.token);
    for (const work of [() => signing(signer), () => open()])
      expect(await failure(work)).toMatchObject({
        code: 'configuration',
        message: /VAULT_TOKEN may not (read|update) transit\/(keys|sign)\/release.*, or has ended \(403\)/,
        next: /capabilities = \["(read|update)"\].*get a new token/,
      });
  });

  test('of a login that is denied without a word is replaced once, then it is a denial', async () => {
    vault.answer = ({ path }) =>
      path.endsWith('/login') ? undefined : { status: 403, body: { errors: ['1 error occurred:\n\t* permission denied\n\n'] } };
    expect(await failure(() => open('release', '&login=approle'))).toMatchObject({ code: 'configuration' });
    expect(paths().filter((path) => path === 'auth/approle/login')).toHaveLength(2);
  });

  test.each([
    ['in pieces', (token: string) => token.match(/.{1,9}/g)?.join(' ')],
    ['in capitals', (token: string) => token.toUpperCase()],
    ['with a comma after each character', (token: string) => [...token].join(',')],
  ])('that Vault repeats %s is not shown, nor what stands around it', async (_, form) => {
    const said = `something new: ${form(vault.token)}`;
    vault.answer = () => ({ status: 400, body: { errors: [said] } });
    expect((await failure(() => open())).message).toMatch(/refuses transit\/keys\/release \(400\)$/);
    vault.answer = ({ path }) =>
      path.endsWith('lookup-self')
        ? { status: 200, body: { data: { display_name: form(vault.token), policies: vault.token.match(/.{1,9}/g) } } }
        : { status: 403, body: { errors: [said] } };
    expect((await failure(() => open())).message).toMatch(/the token from VAULT_TOKEN may not read/);
    vault.answer = () => ({ status: 200, body: { data: { type: vault.token.slice(4, 24) } } });
    expect((await failure(() => open())).message).toMatch(/of type unknown/);
  });

  test('comes from the file that VAULT_TOKEN_FILE names, anew each time', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'signwright-vault-'));
    try {
      const path = join(directory, 'token');
      await writeFile(path, `${vault.token}\n`);
      const signer = await open('release', '', { environment: { VAULT_TOKEN_FILE: path } });
      expect(await signing(signer)).toBe(true);
      await writeFile(path, 'hvs.another');
      expect(await failure(() => signing(signer))).toMatchObject({ code: 'configuration', message: /the file .*has ended/ });
      await writeFile(path, 'two words');
      expect(await failure(() => signing(signer))).toMatchObject({ code: 'configuration', message: /holds no token/ });
      await rm(path);
      expect(await failure(() => signing(signer))).toMatchObject({ code: 'configuration', message: /cannot be opened/ });
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  test('is missing: says which variables would have it', async () => {
    const none = { environment: {}, idToken: undefined } as unknown as VaultSignerOptions;
    expect(await failure(() => open('release', '', none))).toMatchObject({ code: 'configuration', message: /VAULT_TOKEN/ });
    expect(await failure(() => open('release', '&login=approle', none))).toMatchObject({ message: /VAULT_SECRET_ID/ });
    expect(await failure(() => open('release', '&login=jwt&role=release', none))).toMatchObject({ message: /ID token/ });
    expect(paths()).toEqual([]);
  });

  test('that could not stand in a header is not sent', async () => {
    const environment = { VAULT_TOKEN: 'a\r\nx: y' };
    expect(await failure(() => open('release', '', { environment }))).toMatchObject({ message: /VAULT_TOKEN holds no token/ });
  });
});

describe('a login that is refused', () => {
  test.each([
    [{ aud: 'sigstore' }, '&login=jwt&role=release', 'configuration', /audience is not the role's/],
    [{}, '&login=jwt&role=other', 'configuration', /there is no such role/],
    [{}, '&login=jwt&role=expired', 'configuration', /there is no such role/],
    [{ exp: 1_000 }, '&login=jwt&role=release', 'configuration', /the ID token has expired/],
    [{}, '&login=jwt&role=release&login-mount=gitlab', 'configuration', /no way to log in is mounted at auth\/gitlab\/login/],
  ])('%j %s says why', async (claims, query, code, message) => {
    const told = await failure(() => open('release', query, { idToken: async () => vault.mintIdToken(claims) }));
    expect(told).toMatchObject({ code, message });
  });

  test.each([
    ['whole', (secret: string) => secret],
    ['in pieces', (secret: string) => secret.match(/.{1,20}/g)?.join(' ')],
    ['in base64', (secret: string) => Buffer.from(secret).toString('base64')],
  ])('shows nothing of what Vault says, which may repeat what it was sent %s', async (_, form) => {
    vault.answer = ({ body }) => ({ status: 400, body: { errors: [`no: ${form(String(body['jwt'] ?? body['secret_id']))}`] } });
    const environment = { VAULT_ROLE_ID: 'a', VAULT_SECRET_ID: 'my-short-secret-id' };
    for (const query of ['&login=jwt&role=release', '&login=approle']) {
      const told = await failure(() => open('release', query, { environment }));
      expect(told).toMatchObject({ code: 'configuration', message: expect.stringMatching(/login is refused \(400\)$/) });
    }
  });

  test('is of a SecretID that is used up, or of none', async () => {
    const environment = { VAULT_ROLE_ID: 'a', VAULT_SECRET_ID: 'b' };
    const told = await failure(() => open('release', '&login=approle', { environment }));
    expect(told).toMatchObject({ code: 'configuration', message: /RoleID or SecretID is not valid/ });
  });

  test('of one who must show a second factor has no token', async () => {
    vault.answer = () => ({ status: 200, body: { auth: { client_token: '', mfa_requirement: {} } } });
    expect(await failure(() => open('release', '&login=approle'))).toMatchObject({
      code: 'invalid-input',
      message: /client_token/,
    });
  });
});

describe('a server', () => {
  test.each([
    [503, ['Vault is sealed'], 'unreachable', /sealed/],
    [473, [], 'unreachable', /standby/],
    [472, [], 'unreachable', /standby/],
    [412, ['required index state not present'], 'unreachable', /caught up/],
    [307, [], 'configuration', /refers to another server/],
    [404, ['no handler for route "transit/keys/release". route entry not found.'], 'configuration', /nothing at transit\/keys/],
    [400, ['something new'], 'configuration', /\(400\): something new$/],
    [400, ['so '.repeat(1_000)], 'configuration', /\(400\): (so ){66}so$/],
  ])('that says %i %j', async (status, errors, code, message) => {
    vault.answer = () => ({ status, body: { errors }, headers: { location: 'http://127.0.0.1:1/' } });
    expect(await failure(() => open())).toMatchObject({
      code,
      message,
      next: /./,
      where: expect.stringContaining('hashivault://'),
    });
  });

  test('that has not caught up yet is asked again', async () => {
    let left = 2;
    vault.answer = () => (left-- > 0 ? { status: 412, body: { errors: ['required index state not present'] } } : undefined);
    expect(await signing(await open())).toBe(true);
  });

  test('whose key cannot sign so is not asked twice, though it says 500', async () => {
    const signer = await open();
    vault.answer = ({ path }) =>
      path.includes('/sign/')
        ? {
            status: 500,
            body: { errors: ['1 error occurred:\n\t* requested version for signing does not contain a private part\n\n'] },
          }
        : undefined;
    const before = paths().length;
    expect(await failure(() => signing(signer))).toMatchObject({
      code: 'configuration',
      message: /only its public key was imported/,
    });
    expect(paths().length - before).toBe(1);
  });

  test('that is none is told from one', async () => {
    vault.answer = () => ({ status: 200, body: { hello: 'world', data: [] } });
    expect(await failure(() => open())).toMatchObject({ code: 'invalid-input', message: /has no data/ });
  });
});
