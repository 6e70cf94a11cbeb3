import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identityProviderContract, jenkinsClaims, startTestOidcIssuer, type TestOidcIssuer } from '@signwright/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createJenkinsIdentity } from './identity.ts';

const directory = mkdtempSync(join(tmpdir(), 'signwright-jenkins-'));
const at = (name: string): string => join(directory, name);
let issuer: TestOidcIssuer;
beforeAll(async () => {
  issuer = await startTestOidcIssuer();
});
afterAll(async () => {
  rmSync(directory, { recursive: true, force: true });
  await issuer.close();
});
const mint = (): string => issuer.mintToken(jenkinsClaims(), { audience: 'sigstore' });

identityProviderContract('a Jenkins credential bound as text', async () => ({
  identity: createJenkinsIdentity({ SIGNWRIGHT_ID_TOKEN: mint() }),
  now: () => new Date(),
  audiences: ['sigstore'],
}));

identityProviderContract('a Jenkins credential bound as a file', async () => {
  writeFileSync(at('token'), `${mint()}\n`, { mode: 0o600 });
  return {
    identity: createJenkinsIdentity({ SIGNWRIGHT_ID_TOKEN_FILE: at('token') }),
    now: () => new Date(),
    audiences: ['sigstore'],
  };
});

test('a build without a credential is told which to make, for the audience asked for', async () => {
  await expect(createJenkinsIdentity({ SIGNWRIGHT_ID_TOKEN: '' }).idToken('https://ca.example')).rejects.toMatchObject({
    code: 'configuration',
    next: expect.stringMatching(/audience https:\/\/ca\.example.*withCredentials/),
  });
});

const wrong = (name: string, make: (path: string) => void, message: RegExp) => [name, make, message] as const;
test.each([
  wrong('missing', () => undefined, /ENOENT/),
  wrong('a directory', (path) => mkdirSync(path), /not a regular file/),
  wrong('empty', (path) => writeFileSync(path, '\n'), /is empty/),
  wrong('too large', (path) => writeFileSync(path, 'secret'.repeat(3_000)), /larger than 16384 bytes/),
  wrong('a link to a device', (path) => symlinkSync('/dev/zero', path), /not a regular file/),
])('a file that is %s is refused', async (name, make, message) => {
  const path = at(name);
  make(path);
  const failure = await createJenkinsIdentity({ SIGNWRIGHT_ID_TOKEN_FILE: path })
    .idToken('x')
    .catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'configuration', message: expect.stringMatching(message) });
  expect((failure as Error).message).not.toContain('secret');
});
