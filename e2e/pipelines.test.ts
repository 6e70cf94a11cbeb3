import { type AddressInfo, createServer } from 'node:net';
import {
  createWorkspace,
  gitlabClaims,
  jenkinsClaims,
  kubernetesClaims,
  startFakeAwsKms,
  startFakeGoogleKms,
  startFakeVault,
  startTestOidcIssuer,
  type TestOidcIssuer,
  testKeys,
  type Workspace,
} from '@signwright/testkit';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { fulcioServer } from './fulcio-server.ts';
import { fingerprint } from './issuer-scenario.ts';
import { describePeer, peer } from './peers.ts';
import { runPeer, TRUST_ROOT } from './scenario.ts';
import { makeSoftHsm } from './softhsm.ts';
import { STEP_CA_AUDIENCE, stepCaServer } from './step-ca-server.ts';

// The command line as a pipeline runs it: the job's variables, its ID token, and the real CA or token behind the policy.

const PIPELINE = 'https://gitlab.acme.example/acme/app//.gitlab-ci.yml@refs/heads/main';

/** What GitLab sets in a job of main; `url` is the instance's. */
function gitlabJob(url: string, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return {
    CI: 'true',
    GITLAB_CI: 'true',
    CI_PROJECT_ID: '20',
    CI_PROJECT_URL: `${url}/acme/app`,
    CI_COMMIT_BRANCH: 'main',
    CI_COMMIT_SHA: '714a629c0b401fdce83e847fc9589983fc6f46bc',
    CI_JOB_URL: `${url}/acme/app/-/jobs/302`,
    CI_PIPELINE_SOURCE: 'push',
    GITLAB_USER_ID: '1',
    ...more,
  };
}

type ByCa = { readonly issuer: TestOidcIssuer; readonly certificate: string; readonly workload?: string };

/** A project whose files are signed with certificates of a CA for the jobs of an OIDC issuer. */
async function projectBy({ issuer, certificate, workload }: ByCa): Promise<Workspace> {
  const here = await createWorkspace({ files: { 'dist/app.tgz': 'what a build leaves\n', 'tls.pem': issuer.caPem } });
  onTestFinished(() => here.remove());
  here.write(
    'signwright.yaml',
    `version: 1
trust: { root: ${TRUST_ROOT}, timestamp: { trial: .signwright/trial } }
environments: { default: { allow-development: true } }
workloads: { ci: { issuer: "${issuer.url}", ${workload ?? `repository: "${issuer.url}/acme/*", ref: refs/heads/main`} } }
signers: { build: { certificate: ${certificate}, workloads: [ci] } }
tiers: { internal: { signatures: [build] } }
artifacts: [{ match: "dist/**", tier: internal }]
`,
  );
  return here;
}

/** Trusts the CA behind an address, as an administrator does on their own machine. */
async function trust(here: Workspace, url: string, root: string, issuer: string): Promise<void> {
  const added = await here.run(['trust', 'add', TRUST_ROOT, '--from-issuer', url, '--fingerprint', root, '--issuer', issuer]);
  expect(added, added.stderr).toMatchObject({ status: 0 });
}

const cosignBlob = (here: Workspace, issuer: string, file = 'dist/app.tgz') => {
  const by = ['--trusted-root', TRUST_ROOT, '--certificate-identity', PIPELINE, '--certificate-oidc-issuer', issuer];
  const without = ['--use-signed-timestamps', '--insecure-ignore-tlog', '--insecure-ignore-sct'];
  return runPeer(here, peer('cosign'), ['verify-blob', '--bundle', 'dist/app.tgz.sigstore.json', ...by, ...without, file]);
};

describePeer(['fulcio', 'step-ca', 'cosign'], 'a job of a pipeline', () => {
  let gitlab: TestOidcIssuer;
  let other: TestOidcIssuer;
  beforeAll(async () => {
    [gitlab, other] = await Promise.all([startTestOidcIssuer(), startTestOidcIssuer()]);
  });
  afterAll(() => Promise.all([gitlab.close(), other.close()]));
  const fulcio = fulcioServer(() => ({ gitlab, other }));
  const stepCa = stepCaServer(() => gitlab);
  const job = (here: Workspace, token: string, more: Readonly<Record<string, string>> = {}) =>
    gitlabJob(gitlab.url, { SIGNWRIGHT_ID_TOKEN: token, NODE_EXTRA_CA_CERTS: here.path('tls.pem'), ...more });

  it('signs with a certificate of Fulcio, and its bundle verifies with us and with cosign', async () => {
    const here = await projectBy({ issuer: gitlab, certificate: `{ fulcio: "${fulcio.url}" }` });
    await trust(here, fulcio.url, fingerprint(fulcio.authority.root), gitlab.url);
    const env = job(here, gitlab.mintToken(gitlabClaims(), { audience: 'sigstore' }));
    const signed = await here.run(['sign'], { env });
    expect(signed, signed.stderr).toMatchObject({ status: 0 });
    expect(await here.run(['verify'])).toMatchObject({ status: 0 });
    expect(await cosignBlob(here, gitlab.url)).toMatchObject({ status: 0 });
    here.write('dist/other.tgz', 'something else');
    expect((await cosignBlob(here, gitlab.url, 'dist/other.tgz')).status).not.toBe(0);
  });

  it('signs with a certificate of step-ca, whose TLS is trusted by the policy’s trust root alone', async () => {
    const here = await projectBy({
      issuer: gitlab,
      certificate: `{ step-ca: "${stepCa.url}", audience: "${STEP_CA_AUDIENCE}" }`,
    });
    await trust(here, stepCa.url, fingerprint(stepCa.authority.root), gitlab.url);
    const env = job(here, gitlab.mintToken(gitlabClaims(), { audience: STEP_CA_AUDIENCE }));
    const signed = await here.run(['sign'], { env });
    expect(signed, signed.stderr).toMatchObject({ status: 0 });
    expect(await here.run(['verify'])).toMatchObject({ status: 0 });
    expect(await cosignBlob(here, gitlab.url)).toMatchObject({ status: 0 });
  });

  it('of Jenkins is told by its subject', async () => {
    const claims = jenkinsClaims();
    const subject = String(claims['sub']);
    const here = await projectBy({
      issuer: other,
      certificate: `{ fulcio: "${fulcio.url}" }`,
      workload: `subject: "${subject}"`,
    });
    await trust(here, fulcio.url, fingerprint(fulcio.authority.root), other.url);
    const env = { CI: 'true', JENKINS_URL: 'https://jenkins.acme.example/', NODE_EXTRA_CA_CERTS: here.path('tls.pem') };
    const token = { SIGNWRIGHT_ID_TOKEN: other.mintToken(claims, { audience: 'sigstore' }) };
    const signed = await here.run(['sign'], { env: { ...env, ...token } });
    expect(signed, signed.stderr).toMatchObject({ status: 0 });
    expect(await here.run(['verify'])).toMatchObject({ status: 0, stdout: /allow/ });
  });

  it('of Kubernetes has its token in a file, and doctor says whether the trust root takes its certificates', async () => {
    const claims = kubernetesClaims();
    const workload = `subject: "${String(claims['sub'])}"`;
    const here = await projectBy({ issuer: other, certificate: `{ fulcio: "${fulcio.url}" }`, workload });
    here.write('token', other.mintToken(claims, { audience: 'sigstore' }), 0o600);
    const env = {
      KUBERNETES_SERVICE_HOST: '10.0.0.1',
      SIGNWRIGHT_ID_TOKEN_FILE: here.path('token'),
      NODE_EXTRA_CA_CERTS: here.path('tls.pem'),
    };
    const untrusted = await here.run(['sign'], { env });
    expect(untrusted).toMatchObject({ status: 2, stderr: /the trust root does not take what signer build signs/ });
    expect(await here.run(['doctor'], { env })).toMatchObject({
      status: 2,
      stdout: /FAIL {2}signer build.*the trust root does not take/,
    });
    await trust(here, fulcio.url, fingerprint(fulcio.authority.root), other.url);
    expect(await here.run(['doctor'], { env })).toMatchObject({ status: 0, stdout: /ok {4}signer build.*reached and permitted/ });
    expect(await here.run(['sign'], { env })).toMatchObject({ status: 0 });
    expect(await here.run(['verify'])).toMatchObject({ status: 0 });
  });

  it('of GitLab and one of Jenkins contribute to one release, which is closed when both have', async () => {
    const claims = jenkinsClaims();
    const files = {
      'dist/linux.tgz': 'built by GitLab',
      'firmware/a.bin': 'built by Jenkins',
      'tls.pem': `${gitlab.caPem}${other.caPem}`,
    };
    const here = await createWorkspace({ files });
    onTestFinished(() => here.remove());
    here.write(
      'signwright.yaml',
      `version: 1
trust: { root: ${TRUST_ROOT}, timestamp: { trial: .signwright/trial } }
environments: { default: { allow-development: true } }
workloads:
  gitlab: { issuer: "${gitlab.url}", repository: "${gitlab.url}/acme/*", ref: refs/heads/main }
  jenkins: { issuer: "${other.url}", subject: "${String(claims['sub'])}" }
signers:
  build: { certificate: { fulcio: "${fulcio.url}" }, workloads: [gitlab, jenkins] }
  closer: { certificate: { fulcio: "${fulcio.url}" }, workloads: [gitlab] }
releases: { by: closer }
tiers: { internal: { signatures: [build] } }
artifacts: [{ match: "dist/**", tier: internal }, { match: "firmware/**", tier: internal }]
`,
    );
    here.write(
      'release.yaml',
      'version: 1\nparts:\n  - { workload: gitlab, artifacts: ["dist/*"] }\n  - { workload: jenkins, artifacts: ["firmware/*"] }\n',
    );
    const chain = ['--from-issuer', fulcio.url, '--fingerprint', fingerprint(fulcio.authority.root)];
    const added = await here.run(['trust', 'add', TRUST_ROOT, ...chain, '--issuer', gitlab.url, other.url]);
    expect(added, added.stderr).toMatchObject({ status: 0 });
    const byGitlab = job(here, gitlab.mintToken(gitlabClaims(), { audience: 'sigstore' }));
    const byJenkins = {
      CI: 'true',
      JENKINS_URL: 'https://jenkins.acme.example/',
      NODE_EXTRA_CA_CERTS: here.path('tls.pem'),
      SIGNWRIGHT_ID_TOKEN: other.mintToken(claims, { audience: 'sigstore' }),
    };
    const sign = ['sign', '--no-sidecars', '--release', 'app@1.0'];
    const close = ['release', 'close', 'app@1.0', '--expect', 'release.yaml'];
    expect(await here.run([...sign, 'dist'], { env: byGitlab })).toMatchObject({ status: 0 });
    expect(await here.run(close, { env: byGitlab })).toMatchObject({ status: 4, stdout: /jenkins has contributed nothing yet/ });
    const jenkins = await here.run([...sign, 'firmware'], { env: byJenkins });
    expect(jenkins, jenkins.stderr).toMatchObject({ status: 0 });
    expect(await here.run(close, { env: byJenkins })).toMatchObject({ status: 1 });
    const closed = await here.run(close, { env: byGitlab });
    expect(closed, closed.stderr).toMatchObject({ status: 0 });
    expect(await here.run(['release', 'verify', 'app@1.0', 'dist', 'firmware'])).toMatchObject({ status: 0, stdout: /2 allow/ });
  });

  it('does not send its token anywhere where it is for another audience, of another job or of an issuer the policy does not name', async () => {
    const here = await projectBy({ issuer: gitlab, certificate: `{ fulcio: "${fulcio.url}" }` });
    await trust(here, fulcio.url, fingerprint(fulcio.authority.root), gitlab.url);
    for (const [token, status, why] of [
      [gitlab.mintToken(gitlabClaims(), { audience: 'somebody' }), 2, /for "somebody", not for "sigstore"/],
      [gitlab.mintToken(gitlabClaims({ project_path: 'evil/app' }), { audience: 'sigstore' }), 1, /repository/],
      [gitlab.mintToken(gitlabClaims({ pipeline_source: 'merge_request_event' }), { audience: 'sigstore' }), 1, /plan only/],
      [other.mintToken(gitlabClaims(), { audience: 'sigstore' }), 1, /issuer/],
      [gitlab.mintToken(gitlabClaims(), { audience: 'sigstore', expired: true }), 1, /ended|expired/],
    ] as const) {
      const refused = await here.run(['sign'], { env: job(here, token) });
      expect([refused.status, refused.stderr]).toEqual([status, expect.stringMatching(why)]);
      expect(refused.stderr).not.toContain(token.split('.')[2]);
      expect(here.evidence().size).toBe(0);
    }
  });

  it('signs with the next key where the CA cannot be reached', async () => {
    const kms = await startFakeAwsKms();
    onTestFinished(() => kms.close());
    const { publicKey } = testKeys('p256', 'pipelines');
    kms.setAlias('alias/spare', kms.addKey(testKeys('p256', 'pipelines')));
    const keys = `, keys: [{ ref: "awskms://${kms.host}/alias/spare", public-key: spare.pub }]`;
    const here = await projectBy({ issuer: gitlab, certificate: `{ fulcio: "http://127.0.0.1:${await closedPort()}" }${keys}` });
    here.write('spare.pub', publicKey.export({ type: 'spki', format: 'pem' }));
    const aws = { AWS_REGION: 'us-east-2', AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: 'secret' };
    const env = job(here, gitlab.mintToken(gitlabClaims(), { audience: 'sigstore' }), aws);
    expect(await here.run(['sign'], { env })).toMatchObject({ status: 0, stderr: /could not be reached.*trying the next/ });
    expect(await here.run(['verify'])).toMatchObject({ status: 0 });
  });

  it('does not edit a trust root', async () => {
    const here = await createWorkspace({ trial: false });
    onTestFinished(() => here.remove());
    const add = ['trust', 'add', 'root.json', '--from-issuer', fulcio.url, '--fingerprint', fingerprint(fulcio.authority.root)];
    const refused = await here.run([...add, '--issuer', gitlab.url], { env: gitlabJob(gitlab.url) });
    expect([refused.status, refused.stderr]).toEqual([1, expect.stringContaining('does not edit a trust root')]);
    expect(here.has('root.json')).toBe(false);
    const unnamed = await here.run(add);
    expect([unnamed.status, unnamed.stderr]).toEqual([2, expect.stringContaining(`--issuer ${gitlab.url}`)]);
    const wrong = await here.run([...add.slice(0, -1), '00'.repeat(32), '--issuer', gitlab.url]);
    expect(wrong.status).toBe(1);
    expect(here.has('root.json')).toBe(false);
  });
});

describePeer(['softhsm2-util', 'cosign'], 'a job with a key on a token', () => {
  it('signs, and its bundle verifies with us without the token, and with cosign by the public key', async () => {
    const hsm = makeSoftHsm([{ label: 'release', keys: [{ label: 'signing', id: '01', type: 'p256' }] }]);
    onTestFinished(() => hsm.remove());
    const here = await createWorkspace({ files: { 'dist/app.tgz': 'what a build leaves\n' } });
    onTestFinished(() => here.remove());
    here.write('pin', `${hsm.pin}\n`, 0o600);
    const reference = `pkcs11:token=release;object=signing?module-path=${hsm.library}&pin-source=file:${here.path('pin')}`;
    const policy = (key: string): string => policyByKey(reference, key);
    // The key is learnt as an administrator would: with any key pinned, "signer rotate" writes the one that is there.
    here.write('any.pub', testKeys('p256').publicKey.export({ type: 'spki', format: 'pem' }));
    here.write('signwright.yaml', policy('any.pub'));
    const env = { SOFTHSM2_CONF: hsm.configuration, ...gitlabJob('https://gitlab.acme.example') };
    const drafted = await here.run(['signer', 'rotate', 'release'], { env });
    const path = /public-key: (trust\/release-[0-9a-f]+\.pub)/.exec(drafted.stdout)?.[1] ?? '';
    expect(path, drafted.stderr).not.toBe('');
    here.write('signwright.yaml', policy(path));
    const signed = await here.run(['sign'], { env });
    expect(signed, signed.stderr).toMatchObject({ status: 0 });
    hsm.remove();
    expect(await here.run(['verify'])).toMatchObject({ status: 0 });
    const cosign = ['verify-blob', '--key', path, '--bundle', 'dist/app.tgz.sigstore.json', '--insecure-ignore-tlog'];
    expect(await runPeer(here, peer('cosign'), [...cosign, 'dist/app.tgz'])).toMatchObject({ status: 0 });
    expect((await runPeer(here, peer('cosign'), [...cosign, 'signwright.yaml'])).status).not.toBe(0);
  });
});

describePeer('cosign', 'a job with a key in a KMS (fakes that follow the vendors’ interfaces, and sign)', () => {
  const keys = testKeys('p256', 'pipelines kms');
  const version = 'projects/acme/locations/eu/keyRings/signing/cryptoKeys/release/cryptoKeyVersions/1';

  it('of AWS signs, and its bundle verifies with cosign by the public key', async () => {
    const kms = await startFakeAwsKms();
    onTestFinished(() => kms.close());
    kms.setAlias('alias/release', kms.addKey(keys));
    const aws = { AWS_REGION: 'us-east-2', AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: 'secret' };
    await signsForCosign(`awskms://${kms.host}/alias/release`, aws);
  });

  it('of Google Cloud signs, and its bundle verifies with cosign by the public key', async () => {
    const kms = await startFakeGoogleKms();
    onTestFinished(() => kms.close());
    kms.addKey(version, keys);
    await signsForCosign(`gcpkms://${version}`, { SIGNWRIGHT_GCPKMS_EMULATOR_HOST: kms.host });
  });

  it('of Vault (experimental) signs, and its bundle verifies with cosign by the public key', async () => {
    const vault = await startFakeVault({ release: { type: 'ecdsa-p256', versions: [keys], said: {} } });
    onTestFinished(() => vault.close());
    await signsForCosign(`hashivault://release?address=${vault.address}`, { VAULT_TOKEN: vault.token });
  });

  async function signsForCosign(reference: string, credentials: Readonly<Record<string, string>>): Promise<void> {
    const here = await createWorkspace({ files: { 'dist/app.tgz': 'what a build leaves\n' } });
    onTestFinished(() => here.remove());
    here.write('release.pub', keys.publicKey.export({ type: 'spki', format: 'pem' }));
    here.write('signwright.yaml', policyByKey(reference, 'release.pub'));
    const signed = await here.run(['sign'], { env: { ...gitlabJob('https://gitlab.acme.example'), ...credentials } });
    expect(signed, signed.stderr).toMatchObject({ status: 0 });
    expect(await here.run(['verify'])).toMatchObject({ status: 0 });
    const cosign = ['verify-blob', '--key', 'release.pub', '--bundle', 'dist/app.tgz.sigstore.json', '--insecure-ignore-tlog'];
    expect(await runPeer(here, peer('cosign'), [...cosign, 'dist/app.tgz'])).toMatchObject({ status: 0 });
    expect((await runPeer(here, peer('cosign'), [...cosign, 'signwright.yaml'])).status).not.toBe(0);
  }
});

/** A policy whose files a key signs that stays elsewhere, in jobs of one GitLab. */
function policyByKey(reference: string, publicKey: string): string {
  return `version: 1
trust: { root: ${TRUST_ROOT}, timestamp: { trial: .signwright/trial } }
environments: { default: { allow-development: true } }
workloads: { ci: { issuer: "https://gitlab.acme.example", repository: "https://gitlab.acme.example/acme/*" } }
signers: { release: { keys: [{ ref: "${reference}", public-key: ${publicKey} }], workloads: [ci] } }
tiers: { internal: { signatures: [release] } }
artifacts: [{ match: "dist/**", tier: internal }]
`;
}

/** A port that was free a moment ago. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
