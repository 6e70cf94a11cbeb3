import { generateKeyPairSync } from 'node:crypto';
import { createStepCaIssuer, fetchIssuerChain } from '@signwright/certificates';
import { type CertificateIssuer, certificateRequest, identityOf, parseCertificate } from '@signwright/signing-core';
import {
  certificateIssuerContract,
  gitlabClaims,
  jenkinsClaims,
  startTestOidcIssuer,
  type TestOidcIssuer,
} from '@signwright/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectVerified, fingerprint, makeAuthority, pem, signWith } from './issuer-scenario.ts';
import { describePeer } from './peers.ts';
import { OTHER_AUDIENCE, STEP_CA_AUDIENCE, stepCaServer } from './step-ca-server.ts';

const PIPELINE = 'https://gitlab.acme.example/acme/app//.gitlab-ci.yml@refs/heads/main';
const request = () => certificateRequest(generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey);

describePeer(['step-ca', 'cosign'], 'a real step-ca, configured as docs/step-ca.md says', () => {
  let oidc: TestOidcIssuer;
  beforeAll(async () => {
    oidc = await startTestOidcIssuer();
  });
  afterAll(() => oidc.close());
  const stepCa = stepCaServer(() => oidc);
  const ca = [pem(stepCa.authority.root)];
  const issuer: CertificateIssuer = { issue: (csr, token) => createStepCaIssuer({ url: stepCa.url, ca }).issue(csr, token) };
  const token = (claims = gitlabClaims(), audience = STEP_CA_AUDIENCE) => oidc.mintToken(claims, { audience });
  const identity = async (idToken: string) =>
    identityOf(parseCertificate((await issuer.issue(request(), idToken))[0] as Uint8Array));

  const used = new Set<string>();
  certificateIssuerContract('step-ca', async () => ({
    issuer: {
      // It takes a token once: one that comes again is minted again.
      issue: (csr, idToken) => issuer.issue(csr, used.has(idToken) ? token() : used.add(idToken) && idToken),
    },
    idToken: async () => token(),
    now: () => new Date(),
  }));

  it('certifies a GitLab job in our words', async () => {
    const claims = {
      runner: 'self-hosted',
      repository: `${oidc.url}/acme/app`,
      ref: 'refs/heads/main',
      'repository-id': '20',
      trigger: 'push',
      subject: 'project_path:acme/app:ref_type:branch:ref:main',
    };
    const commit = '714a629c0b401fdce83e847fc9589983fc6f46bc';
    expect(await identity(token())).toEqual({ san: PIPELINE, issuer: oidc.url, claims, commit });
    const tag = gitlabClaims({ ref: 'v1', ref_type: 'tag', environment: 'production' });
    const release = { ...claims, ref: 'refs/tags/v1', environment: 'production' };
    expect(await identity(token(tag))).toMatchObject({ claims: release });
  });

  it('certifies the subject of an issuer that is no GitLab, whatever is in it', async () => {
    const { sub } = jenkinsClaims() as { sub: string };
    const expected = { san: `${oidc.url}#${sub}`, issuer: oidc.url, claims: { subject: sub } };
    expect(await identity(token(jenkinsClaims(), OTHER_AUDIENCE))).toEqual(expected);
    const subject = 'a "b" <c> \\ {{ .Token.iss }} é';
    expect((await identity(token({ sub: subject, email: 'mail@acme.example' }))).claims).toEqual({ subject });
  });

  it('refuses the pipeline of a merge request, a ref of an unknown kind, and claims that are none, with the reason', async () => {
    for (const [change, message] of [
      [{ pipeline_source: 'merge_request_event' }, /pipelines of merge requests get no certificate/],
      [{ pipeline_source: 'external_pull_request_event' }, /pipelines of merge requests get no certificate/],
      [{ job_project_id: '666' }, /jobs of forks get no certificate/],
      [{ pipeline_source: 'parent_pipeline', job_project_id: undefined }, /child pipelines get no certificate/],
      [{ ref_type: 'merge_request' }, /ref_type .* neither branch nor tag/],
      [{ ci_config_ref_uri: null }, /ci_config_ref_uri .* not text/],
      [{ project_id: 20 }, /project_id .* not text/],
      [{ sha: undefined }, /no claim sha/],
    ] as const)
      await expect(issuer.issue(request(), token(gitlabClaims(change)))).rejects.toMatchObject({ code: 'denied', message });
  });

  it('denies a token that has ended, is for somebody else, or was used, and says what the token says', async () => {
    const twice = token();
    await issuer.issue(request(), twice);
    for (const [idToken, next] of [
      [oidc.mintToken(gitlabClaims(), { audience: STEP_CA_AUDIENCE, expired: true }), /ends 20\d\d-/],
      [token(gitlabClaims(), 'somebody'), /for the audience "somebody"/],
      [twice, /takes a token once/],
    ] as const)
      await expect(issuer.issue(request(), idToken)).rejects.toMatchObject({ code: 'denied', message: /\(401\)/, next });
  });

  it('that cannot make the certificate is broken, and that the token is used up by then is not taken for a refusal', async () => {
    const failing = issuer.issue(request(), token(gitlabClaims({ ci_config_ref_uri: 'gitlab.acme.example/%zz' })));
    await expect(failing).rejects.toMatchObject({ code: 'unreachable', message: /broken \(500\)/ });
  });

  it('is not asked where its TLS certificate is not trusted', async () => {
    const asking = createStepCaIssuer({ url: stepCa.url, ca: [pem(makeAuthority().root)] }).issue(request(), token());
    await expect(asking).rejects.toMatchObject({ code: 'configuration', message: /does not verify/ });
  });

  it('hands out its chain and its issuers to who knows its root, and to nobody else', async () => {
    const { root, issuing } = stepCa.authority;
    const { chains, issuers } = await fetchIssuerChain({ type: 'step-ca', url: stepCa.url, fingerprint: fingerprint(root) });
    expect(chains).toEqual([`${pem(issuing)}${pem(root)}`]);
    expect(issuers).toEqual([oidc.url]);
    for (const wrong of [makeAuthority().root, issuing]) {
      const ask = fetchIssuerChain({ type: 'step-ca', url: stepCa.url, fingerprint: fingerprint(wrong) });
      await expect(ask).rejects.toMatchObject({ code: 'configuration', message: /no root certificate with the fingerprint/ });
    }
  });

  it('certifies what then verifies with us and with cosign', async () => {
    const chain = await fetchIssuerChain({ type: 'step-ca', url: stepCa.url, fingerprint: fingerprint(stepCa.authority.root) });
    const workload = { issuer: oidc.url, repository: `${oidc.url}/acme/*`, ref: 'refs/heads/main' };
    const named = { audience: STEP_CA_AUDIENCE, chain, workload, san: PIPELINE };
    await expectVerified(await signWith(issuer, (audience) => token(gitlabClaims(), audience), named));
    const tag = (audience: string) => token(gitlabClaims({ ref: 'v1', ref_type: 'tag' }), audience);
    await expect(signWith(issuer, tag, named)).rejects.toMatchObject({ code: 'denied', message: /may not sign as build/ });
  });
});
