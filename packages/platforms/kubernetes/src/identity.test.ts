import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identityProviderContract, kubernetesClaims, startTestOidcIssuer, type TestOidcIssuer } from '@signwright/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createKubernetesIdentity } from './identity.ts';

const directory = mkdtempSync(join(tmpdir(), 'signwright-kubernetes-'));
const at = (...names: string[]): string => join(directory, ...names);
let issuer: TestOidcIssuer;
let generation = 0;
beforeAll(async () => {
  issuer = await startTestOidcIssuer();
});
afterAll(async () => {
  rmSync(directory, { recursive: true, force: true });
  await issuer.close();
});

/** As the kubelet does: a new directory, and the link `..data` renamed onto it; `token` leads through that link. */
function project(token: string): void {
  const name = `..2026_11_23_${++generation}`;
  mkdirSync(at(name));
  writeFileSync(at(name, 'token'), token, { mode: 0o644 });
  symlinkSync(name, at('..data_tmp'));
  renameSync(at('..data_tmp'), at('..data'));
  if (generation === 1) symlinkSync('..data/token', at('token'));
}
const identity = (path = at('token')) => createKubernetesIdentity({ SIGNWRIGHT_ID_TOKEN_FILE: path });

identityProviderContract('a projected service account token', async () => {
  project(issuer.mintToken(kubernetesClaims(), { audience: ['sigstore'] }));
  return { identity: identity(), now: () => new Date(), audiences: ['sigstore'] };
});

test('a token that the kubelet renewed is read anew', async () => {
  const pod = identity();
  project('one');
  expect(await pod.idToken('x')).toBe('one');
  project('two');
  expect(await pod.idToken('x')).toBe('two');
});

test('a pod without a token is shown how one is projected, for the audience asked for', async () => {
  await expect(createKubernetesIdentity({}).idToken('https://ca.example')).rejects.toMatchObject({
    code: 'configuration',
    next: expect.stringMatching(/serviceAccountToken: .*audience: "https:\/\/ca\.example"/),
  });
});

test('a link that leads nowhere, and one to what is no file, are refused', async () => {
  symlinkSync('/nowhere', at('broken'));
  symlinkSync('/dev/zero', at('device'));
  await expect(identity(at('broken')).idToken('x')).rejects.toMatchObject({
    code: 'configuration',
    message: expect.stringMatching(/ENOENT/),
  });
  await expect(identity(at('device')).idToken('x')).rejects.toMatchObject({
    code: 'configuration',
    message: expect.stringMatching(/regular/),
  });
  writeFileSync(at('large'), 'x'.repeat(16_385));
  await expect(identity(at('large')).idToken('x')).rejects.toMatchObject({
    code: 'configuration',
    message: expect.stringMatching(/larger/),
  });
});
