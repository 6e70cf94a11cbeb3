import { gitlabClaims, identityProviderContract, startTestOidcIssuer, type TestOidcIssuer } from '@signwright/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createGitlabIdentity } from './identity.ts';

let issuer: TestOidcIssuer;
beforeAll(async () => {
  issuer = await startTestOidcIssuer();
});
afterAll(() => issuer.close());

identityProviderContract('the token in a GitLab job’s variable', async () => ({
  identity: createGitlabIdentity({ SIGNWRIGHT_ID_TOKEN: issuer.mintToken(gitlabClaims(), { audience: 'sigstore' }) }),
  now: () => new Date(),
  audiences: ['sigstore'],
}));

test.each([undefined, '', ' \n'])(
  'a job with %j for a token is shown what to add, with the audience asked for',
  async (token) => {
    await expect(createGitlabIdentity({ SIGNWRIGHT_ID_TOKEN: token }).idToken('https://ca.example/#x')).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringContaining('SIGNWRIGHT_ID_TOKEN'),
      next: 'add to the job:\n  id_tokens:\n    SIGNWRIGHT_ID_TOKEN:\n      aud: "https://ca.example/#x"',
    });
  },
);
