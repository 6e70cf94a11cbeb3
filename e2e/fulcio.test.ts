import { generateKeyPairSync } from 'node:crypto';
import { createFulcioIssuer, fetchIssuerChain } from '@signwright/certificates';
import { certificateRequest, identityOf, parseCertificate } from '@signwright/signing-core';
import {
  certificateIssuerContract,
  gitlabClaims,
  jenkinsClaims,
  startTestOidcIssuer,
  type TestOidcIssuer,
} from '@signwright/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fulcioServer } from './fulcio-server.ts';
import { expectVerified, fingerprint, makeAuthority, signWith } from './issuer-scenario.ts';
import { describePeer } from './peers.ts';

const AUDIENCE = 'sigstore';
const PIPELINE = 'https://gitlab.acme.example/acme/app//.gitlab-ci.yml@refs/heads/main';
const request = () => certificateRequest(generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey);

describePeer(['fulcio', 'cosign'], 'a real Fulcio, configured as docs/fulcio.md says', () => {
  let gitlab: TestOidcIssuer;
  let other: TestOidcIssuer;
  beforeAll(async () => {
    [gitlab, other] = await Promise.all([startTestOidcIssuer(), startTestOidcIssuer()]);
  });
  afterAll(() => Promise.all([gitlab.close(), other.close()]));
  const fulcio = fulcioServer(() => ({ gitlab, other }));
  const issue = (token: string) => createFulcioIssuer({ url: fulcio.url }).issue(request(), token);
  const identity = async (token: string) => identityOf(parseCertificate((await issue(token))[0] as Uint8Array));

  certificateIssuerContract('Fulcio', async () => ({
    issuer: createFulcioIssuer({ url: fulcio.url }),
    idToken: async () => gitlab.mintToken(gitlabClaims(), { audience: AUDIENCE }),
    now: () => new Date(),
  }));

  it('certifies a GitLab job in our words', async () => {
    const claims = {
      runner: 'self-hosted',
      repository: `${gitlab.url}/acme/app`,
      ref: 'refs/heads/main',
      'repository-id': '20',
      trigger: 'push',
      subject: 'project_path:acme/app:ref_type:branch:ref:main',
    };
    const commit = '714a629c0b401fdce83e847fc9589983fc6f46bc';
    expect(await identity(gitlab.mintToken(gitlabClaims()))).toEqual({ san: PIPELINE, issuer: gitlab.url, claims, commit });
    const tag = gitlabClaims({ ref: 'v1', ref_type: 'tag', environment: 'production' });
    const release = { ...claims, ref: 'refs/tags/v1', environment: 'production' };
    expect(await identity(gitlab.mintToken(tag))).toMatchObject({ claims: release });
  });

  it('certifies the subject of an issuer that is no GitLab', async () => {
    const { sub } = jenkinsClaims() as { sub: string };
    const expected = { san: `${other.url}#${sub}`, issuer: other.url, claims: { subject: sub } };
    expect(await identity(other.mintToken(jenkinsClaims()))).toEqual(expected);
  });

  it('refuses the pipeline of a merge request, a ref of an unknown kind, and what has no definition', async () => {
    for (const [change, message] of [
      [{ pipeline_source: 'merge_request_event' }, /a_pipeline_of_no_merge_request/],
      [{ pipeline_source: 'external_pull_request_event' }, /a_pipeline_of_no_merge_request/],
      [{ ref_type: 'merge_request' }, /a_branch_or_tag/],
      [{ ci_config_ref_uri: null }, /a_pipeline_definition/],
      [{ project_path: undefined }, /project_path/],
    ] as const)
      await expect(issue(gitlab.mintToken(gitlabClaims(change)))).rejects.toMatchObject({ code: 'denied', message });
  });

  it('denies a token that has ended, is for somebody else, or is of an issuer it does not know, and says what the token says', async () => {
    const stranger = await startTestOidcIssuer();
    try {
      for (const [token, next] of [
        [gitlab.mintToken(gitlabClaims(), { expired: true }), /ends 20\d\d-/],
        [gitlab.mintToken(gitlabClaims(), { audience: 'somebody' }), /for the audience "somebody"/],
        [stranger.mintToken(gitlabClaims()), new RegExp(stranger.url)],
      ] as const)
        await expect(issue(token)).rejects.toMatchObject({ code: 'denied', message: /\(400\): There was an error/, next });
    } finally {
      await stranger.close();
    }
  });

  it('hands out its chain and its issuers to who knows its root, and to nobody else', async () => {
    const { root, issuing } = fulcio.authority;
    const { chains, issuers } = await fetchIssuerChain({ type: 'fulcio', url: fulcio.url, fingerprint: fingerprint(root) });
    expect(chains).toHaveLength(1);
    expect(chains[0].match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(issuers).toEqual([gitlab.url, other.url].sort());
    for (const wrong of [makeAuthority().root, issuing]) {
      const ask = fetchIssuerChain({ type: 'fulcio', url: fulcio.url, fingerprint: fingerprint(wrong) });
      await expect(ask).rejects.toMatchObject({ code: 'verification', message: /no chain to the root/ });
    }
  });

  it('certifies what then verifies with us and with cosign', async () => {
    const chain = await fetchIssuerChain({ type: 'fulcio', url: fulcio.url, fingerprint: fingerprint(fulcio.authority.root) });
    const workload = { issuer: gitlab.url, repository: `${gitlab.url}/acme/*`, ref: 'refs/heads/main' };
    const issuer = createFulcioIssuer({ url: fulcio.url });
    const named = { audience: AUDIENCE, chain, workload, san: PIPELINE };
    await expectVerified(await signWith(issuer, (audience) => gitlab.mintToken(gitlabClaims(), { audience }), named));
    const tag = (audience: string) => gitlab.mintToken(gitlabClaims({ ref: 'v1', ref_type: 'tag' }), { audience });
    await expect(signWith(issuer, tag, named)).rejects.toMatchObject({ code: 'denied', message: /may not sign as build/ });
  });
});
