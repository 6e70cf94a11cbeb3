import { generateKeyPairSync } from 'node:crypto';
import type { WorkloadRule } from '@signwright/signing-core';
import {
  azureClaims,
  githubClaims,
  gitlabClaims,
  kubernetesClaims,
  type MintOptions,
  startTestOidcIssuer,
  type TestOidcIssuer,
  testKeys,
} from '@signwright/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checkIdToken, type TokenRules } from './index.ts';

let issuer: TestOidcIssuer;
beforeAll(async () => {
  issuer = await startTestOidcIssuer();
});
beforeEach(() => {
  Object.assign(issuer, { discovery: {}, keys: undefined, fault: () => undefined });
  issuer.asked.length = 0;
});
afterAll(() => issuer.close());

const ci = (rule: Partial<WorkloadRule> = {}): WorkloadRule => ({
  id: 'ci',
  issuer: issuer.url,
  repository: `${issuer.url}/acme/**`,
  ref: 'refs/heads/main',
  ...rule,
});
const check = (token: string, change: Partial<TokenRules & { audience: string }> = {}) =>
  checkIdToken(token, {
    workloads: [ci()],
    audience: 'sigstore',
    platform: 'gitlab',
    clock: { now: () => new Date() },
    trustedCa: [issuer.caPem],
    ...change,
  });
const mint = (claims = gitlabClaims(), options: MintOptions = {}): string => issuer.mintToken(claims, options);

/** A failure, once it is sure that nothing it says has any part of the token. */
async function refusal(
  token: string,
  change: Parameters<typeof check>[1] = {},
): Promise<{ code: string; message: string; next?: string }> {
  const error = await check(token, change).then(
    () => undefined,
    (thrown: Error & { code: string; where?: string; next?: string }) => thrown,
  );
  if (error === undefined) throw new Error('it was taken');
  expect(error.name).toBe('SignwrightError');
  let said = '';
  for (let one: unknown = error; one instanceof Error; one = one.cause) said += `${one.stack} ${JSON.stringify(one)} `;
  for (const part of [token, ...token.split('.')]) if (part.length > 8) expect(said).not.toContain(part);
  expect(said).not.toContain('sample-user@example.com');
  return error;
}

describe('an ID token', () => {
  test.each(['RS256', 'PS256', 'ES256', 'EdDSA'] as const)('that its issuer signed with %s is good', async (alg) => {
    const checked = await check(mint(gitlabClaims(), { alg }));
    expect(checked).toMatchObject({ issuer: issuer.url, workload: 'ci', claims: { ref: 'refs/heads/main', trigger: 'push' } });
    expect(checked.expires.getTime()).toBeGreaterThan(Date.now());
    expect(issuer.asked).toEqual(['/.well-known/openid-configuration', '/jwks']);
  });

  test('is of the first workload that it fits', async () => {
    const workloads = [ci({ id: 'other', ref: 'refs/tags/*' }), ci({ id: 'mine' }), ci({ id: 'also' })];
    expect((await check(mint(), { workloads })).workload).toBe('mine');
  });

  test('of a pod has a list of one audience', async () => {
    const token = mint(kubernetesClaims(), { audience: ['sigstore'] });
    const workloads = [{ id: 'pod', issuer: issuer.url, subject: 'system:serviceaccount:release:*' }];
    expect((await check(token, { platform: 'kubernetes', workloads })).workload).toBe('pod');
  });

  test('that says it may plan only is refused though its issuer is silent, and nobody is asked', async () => {
    issuer.fault = () => ({ status: 503 });
    const forked = mint(gitlabClaims({ pipeline_source: 'merge_request_event' }), { alg: 'none' });
    const signed = mint(gitlabClaims({ pipeline_source: 'merge_request_event' }));
    expect(await refusal(signed)).toMatchObject({ code: 'denied', message: /plan only/ });
    expect((await refusal(forked)).code).not.toBe('unreachable');
    expect(await refusal(mint(gitlabClaims({ project_path: 'evil/app' })))).toMatchObject({ code: 'denied' });
    expect(issuer.asked).toEqual([]);
  });

  test('is told by what will be certified, where that is no more than a name', async () => {
    const workloads = [
      ci({ id: 'named', repository: undefined, ref: undefined, subject: 'https://ci.example/acme/*' } as object),
    ];
    const subject = (): string => 'https://ci.example/acme/app';
    expect(await check(mint(), { workloads, subject })).toMatchObject({ workload: 'named', claims: { subject: subject() } });
    expect(await refusal(mint(), { workloads })).toMatchObject({ code: 'denied' });
    expect(await refusal(mint(), { workloads: [ci()], subject })).toMatchObject({ code: 'denied' });
  });

  test('of another issuer is refused before anybody is asked', async () => {
    const other = await startTestOidcIssuer();
    const failure = await refusal(other.mintToken(gitlabClaims()));
    expect(failure).toMatchObject({
      code: 'denied',
      message: expect.stringContaining(`${other.url}"; the policy names ${issuer.url}`),
    });
    expect([...issuer.asked, ...other.asked]).toEqual([]);
    await other.close();
  });

  test.each(['/', '/x', ''])('whose issuer is the policy’s with %j more or less is another’s', async (end) => {
    const iss = end === '' ? issuer.url.toUpperCase() : `${issuer.url}${end}`;
    expect(await refusal(mint(gitlabClaims({ iss })))).toMatchObject({ code: 'denied' });
    expect(issuer.asked).toEqual([]);
  });

  test('needs a workload to be of', async () => {
    expect(await refusal(mint(), { workloads: [] })).toMatchObject({
      code: 'denied',
      message: expect.stringMatching(/names none/),
    });
  });
});

describe('a token’s signature', () => {
  test.each(['none', 'HS256'] as const)('with %s is refused before anybody is asked', async (alg) => {
    expect(await refusal(mint(gitlabClaims(), { alg }))).toMatchObject({
      code: 'verification',
      message: expect.stringContaining(`the algorithm "${alg}"`),
    });
    expect(issuer.asked).toEqual([]);
  });

  test('by another’s key of the same name is refused', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    expect(await refusal(mint(gitlabClaims(), { alg: 'ES256', key: privateKey }))).toMatchObject({
      code: 'verification',
      message: expect.stringMatching(/not signed by its issuer/),
    });
  });

  test('that names no key, or one that is not published, is refused', async () => {
    expect(await refusal(mint(gitlabClaims(), { kid: null }))).toMatchObject({
      code: 'verification',
      message: expect.stringMatching(/kid/),
    });
    expect(await refusal(mint(gitlabClaims(), { kid: 'another' }))).toMatchObject({
      code: 'verification',
      message: expect.stringMatching(/does not publish/),
    });
  });

  test('by a key of another kind than its algorithm says is refused', async () => {
    expect(await refusal(mint(gitlabClaims(), { alg: 'ES256', kid: 'RS256-1' }))).toMatchObject({ code: 'verification' });
  });

  test('covers the claims: those of another are refused', async () => {
    const [header, , signature] = mint().split('.');
    const claims = mint(gitlabClaims({ user_login: 'somebody else' })).split('.')[1];
    expect(await refusal(`${header}.${claims}.${signature}`)).toMatchObject({
      code: 'verification',
      message: expect.stringMatching(/not signed by its issuer/),
    });
  });

  test('by a weak key, or by a key published twice, is refused', async () => {
    const weak = testKeys('rsa1024', 'weak');
    const jwk = { ...weak.publicKey.export({ format: 'jwk' }), kid: 'weak', alg: 'RS256' };
    issuer.keys = [jwk];
    expect(await refusal(mint(gitlabClaims(), { kid: 'weak', key: weak.privateKey }))).toMatchObject({ code: 'verification' });
    issuer.keys = [jwk, jwk];
    expect(await refusal(mint(gitlabClaims(), { kid: 'weak', key: weak.privateKey }))).toMatchObject({
      code: 'verification',
      message: expect.stringMatching(/twice/),
    });
  });

  test('by the key before is good while that is published, and by a new key at once', async () => {
    const old = mint();
    issuer.rotate({ keep: true });
    await expect(check(old)).resolves.toBeDefined();
    await expect(check(mint())).resolves.toBeDefined();
    issuer.rotate();
    expect(await refusal(old)).toMatchObject({ message: expect.stringMatching(/does not publish/) });
    await expect(check(mint())).resolves.toBeDefined();
  });
});

describe('a token’s audience', () => {
  test.each([
    ['another', 'https://vault.example'],
    ['one that begins alike', 'sigstore2'],
    ['several', ['sigstore', 'https://vault.example']],
    ['the same twice', ['sigstore', 'sigstore']],
    ['none', []],
  ])('that is %s is refused, with what to set', async (_, audience) => {
    expect(await refusal(mint(gitlabClaims(), { audience }))).toMatchObject({
      code: 'configuration',
      message: expect.stringMatching(/not for "sigstore" alone/),
      next: expect.stringContaining('id_tokens: SIGNWRIGHT_ID_TOKEN: aud: "sigstore"'),
    });
    expect(issuer.asked).toEqual([]);
  });
});

describe('a token’s times', () => {
  const at = (seconds: number) => ({ clock: { now: () => new Date(Date.now() + seconds * 1000) } });

  test('are kept to within a minute', async () => {
    const token = mint(gitlabClaims(), { lifetimeSeconds: 600 });
    await expect(check(token, at(655))).resolves.toBeDefined();
    await expect(check(token, at(-55))).resolves.toBeDefined();
    expect(await refusal(token, at(665))).toMatchObject({
      code: 'verification',
      message: expect.stringMatching(/has expired at 20/),
    });
    expect(await refusal(token, at(-65))).toMatchObject({ code: 'verification', message: expect.stringMatching(/is good from/) });
    expect(await refusal(mint(gitlabClaims(), { expired: true }))).toMatchObject({ message: expect.stringMatching(/expired/) });
  });

  test('are a day at the most', async () => {
    await expect(check(mint(gitlabClaims(), { lifetimeSeconds: 86_400 }))).resolves.toBeDefined();
    expect(await refusal(mint(gitlabClaims(), { lifetimeSeconds: 86_401 }))).toMatchObject({
      message: expect.stringMatching(/at most a day/),
    });
    expect(await refusal(mint(gitlabClaims(), { lifetimeSeconds: -5 }))).toMatchObject({ code: 'verification' });
  });

  test.each([{ exp: undefined }, { iat: undefined, nbf: undefined }, { exp: '2099' }, { nbf: 'now' }, { exp: 1e300 }])(
    'that are %j are none',
    async (change) => {
      expect(await refusal(mint(gitlabClaims(change)))).toMatchObject({
        code: 'verification',
        message: expect.stringMatching(/does not say from when/),
      });
    },
  );

  test('begin at nbf where it is later', async () => {
    const nbf = Math.floor(Date.now() / 1000) + 300;
    expect(await refusal(mint(gitlabClaims({ nbf })))).toMatchObject({ message: expect.stringMatching(/is good from/) });
  });
});

describe('what is no token', () => {
  const part = (text: string) => Buffer.from(text).toString('base64url');
  test.each([
    ['nothing', ''],
    ['two parts', 'eyJhbGciOiJub25lIn0.eyJpc3MiOiJ4In0'],
    ['an encrypted one', 'a.b.c.d.e'],
    ['other characters', 'eyJh+b/=.eyJh.eyJhYWFhYWFh'],
    ['no JSON', `${part('secret-secret')}.${part('{}')}.c2lnbmF0dXJl`],
    ['a list', `${part('[1]')}.${part('{}')}.c2lnbmF0dXJl`],
    [
      'an issuer said twice',
      `${part('{"alg":"RS256"}')}.${part('{"iss":"https://a.example","iss":"https://b.example"}')}.c2lnbmF0dXJl`,
    ],
    ['one of 17 KiB', `${part('{"alg":"RS256"}')}.${part(JSON.stringify({ iss: 'x'.repeat(12_500) }))}.c2lnbmF0dXJl`],
  ])('because it is %s is refused', async (_, token) => {
    expect(await refusal(token)).toMatchObject({ code: 'invalid-input' });
    expect(issuer.asked).toEqual([]);
  });
});

describe('a job the policy does not name', () => {
  test('is told which workload came nearest, and all that differs', async () => {
    const workloads = [
      ci({ id: 'far', repository: `${issuer.url}/other/**`, ref: 'refs/tags/*', runner: 'gitlab-hosted' }),
      ci({ id: 'near', environment: 'production' }),
      { id: 'elsewhere', issuer: 'https://issuer.example', subject: 'x' },
    ];
    expect(await refusal(mint(gitlabClaims({ ref: 'dev' })), { workloads })).toMatchObject({
      code: 'denied',
      message:
        'this job is none of the policy\'s workloads; the nearest is near: ref is "refs/heads/dev", not "refs/heads/main"; ' +
        'the ID token says nothing of environment',
    });
  });

  test('is not told apart by a claim its platform does not have', async () => {
    const workloads = [{ id: 'ci', issuer: issuer.url, subject: 'p://acme/shop/*', trigger: 'push' }];
    expect(await refusal(mint(azureClaims()), { platform: 'azure-devops', workloads })).toMatchObject({
      code: 'denied',
      message: expect.stringContaining('says nothing of trigger'),
    });
  });
});

test.each([
  ['gitlab', gitlabClaims({ pipeline_source: 'merge_request_event' })],
  ['github', githubClaims({ event_name: 'pull_request_target' })],
  ['azure-devops', azureClaims({ rpo_ref: 'refs/pull/7/merge' })],
] as const)('a merge request on %s may plan only, though all its other claims fit', async (platform, claims) => {
  const workloads = [{ id: 'ci', issuer: issuer.url, subject: '**' }];
  expect(await refusal(mint(claims), { platform, workloads })).toMatchObject({
    code: 'denied',
    message: expect.stringMatching(/^plan only: /),
  });
});
