import type { IdentityProvider } from '@signwright/signing-core';
import { gitlabClaims, identityProviderContract, startTestOidcIssuer, type TestOidcIssuer } from '@signwright/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkedIdentity } from './index.ts';

let issuer: TestOidcIssuer;
beforeAll(async () => {
  issuer = await startTestOidcIssuer();
});
afterAll(() => issuer.close());

const now = () => new Date();
const checked = (provider: IdentityProvider) =>
  checkedIdentity(provider, {
    workloads: [{ id: 'ci', issuer: issuer.url, 'repository-id': '20' }],
    platform: 'gitlab',
    clock: { now },
    trustedCa: [issuer.caPem],
  });
const minting = (claims = gitlabClaims()): IdentityProvider => ({
  idToken: async (audience) => issuer.mintToken(claims, { audience }),
});

identityProviderContract('a provider whose tokens are checked', async () => ({ identity: checked(minting()), now }));

test('gives on the very token it was given', async () => {
  const token = issuer.mintToken(gitlabClaims(), { audience: 'sigstore' });
  expect(await checked({ idToken: async () => token }).idToken('sigstore')).toBe(token);
});

test('gives on no token for another audience, of another job or issuer', async () => {
  const other = await startTestOidcIssuer();
  const fixed = issuer.mintToken(gitlabClaims(), { audience: 'https://vault.example' });
  await expect(checked({ idToken: async () => fixed }).idToken('sigstore')).rejects.toMatchObject({ code: 'configuration' });
  await expect(checked(minting(gitlabClaims({ project_id: '21' }))).idToken('x')).rejects.toMatchObject({ code: 'denied' });
  const foreign: IdentityProvider = { idToken: async (audience) => other.mintToken(gitlabClaims(), { audience }) };
  await expect(checked(foreign).idToken('x')).rejects.toMatchObject({ code: 'denied' });
  await other.close();
});

test('a provider that has none is heard', async () => {
  const failing: IdentityProvider = { idToken: () => Promise.reject(new Error('no token')) };
  await expect(checked(failing).idToken('x')).rejects.toThrow('no token');
});
