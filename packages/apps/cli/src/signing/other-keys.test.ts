import {
  createWorkspace,
  type FakeVault,
  gitlabClaims,
  startFakeGoogleKms,
  startFakeVault,
  startTestOidcIssuer,
  type TestOidcIssuer,
  testKeys,
  type Workspace,
} from '@signwright/testkit';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

// The other places where keys stay, by the command line: fakes that follow their vendors' interfaces stand in for them.

const KEYS = testKeys('p256', 'other keys');

let issuer: TestOidcIssuer;
beforeAll(async () => {
  issuer = await startTestOidcIssuer();
});
afterAll(() => issuer.close());

/** What GitLab sets in a job of main. */
function job(here: Workspace, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return {
    CI: 'true',
    GITLAB_CI: 'true',
    CI_PROJECT_URL: `${issuer.url}/acme/app`,
    CI_COMMIT_BRANCH: 'main',
    CI_PIPELINE_SOURCE: 'push',
    NODE_EXTRA_CA_CERTS: here.path('tls.pem'),
    ...more,
  };
}

async function project(signer: string, workload = `repository: "${issuer.url}/acme/*"`): Promise<Workspace> {
  const here = await createWorkspace({ files: { 'dist/a.bin': 'a', 'tls.pem': issuer.caPem } });
  onTestFinished(() => here.remove());
  here.write('release.pub', KEYS.publicKey.export({ type: 'spki', format: 'pem' }));
  here.write(
    'signwright.yaml',
    `version: 1
trust: { root: .signwright/trial/trusted-root.json, timestamp: { trial: .signwright/trial } }
environments: { default: { allow-development: true } }
workloads: { ci: { issuer: "${issuer.url}", ${workload} } }
signers: { release: { ${signer}, workloads: [ci] } }
tiers: { internal: { signatures: [release] } }
artifacts: [{ match: "dist/**", tier: internal }]
`,
  );
  return here;
}

const key = (reference: string): string => `keys: [{ ref: "${reference}", public-key: release.pub }]`;

async function signsAndVerifies(
  here: Workspace,
  env: Readonly<Record<string, string>>,
  secrets: readonly string[],
): Promise<void> {
  const signed = await here.run(['sign'], { env: job(here, env) });
  expect(signed, signed.stderr).toMatchObject({ status: 0 });
  const verified = await here.run(['verify']);
  expect(verified, verified.stdout).toMatchObject({ status: 0 });
  for (const secret of secrets) expect(signed.stdout + signed.stderr + verified.stdout).not.toContain(secret);
}

test('a version of a key in Google Cloud KMS', async () => {
  const google = await startFakeGoogleKms();
  onTestFinished(() => google.close());
  const version = 'projects/acme/locations/eu/keyRings/signing/cryptoKeys/release/cryptoKeyVersions/1';
  google.addKey(version, KEYS);
  const here = await project(key(`gcpkms://${version}`));
  await signsAndVerifies(here, { SIGNWRIGHT_GCPKMS_EMULATOR_HOST: google.host }, []);
  expect(google.requests.filter(({ method }) => method === 'AsymmetricSign')).toHaveLength(2);
});

describe('a Vault', () => {
  const started = async (): Promise<FakeVault> => {
    const vault = await startFakeVault({ release: { type: 'ecdsa-p256', versions: [KEYS], said: {} } });
    onTestFinished(() => vault.close());
    // It takes what the issuer minted: whether the token holds was for us to check before.
    vault.takes = (token) => {
      const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { [name: string]: unknown };
      return [vault.address, 'vault'].includes(String(claims['aud'])) ? claims : 'invalid audience (aud) claim';
    };
    return vault;
  };

  test('with a key in its transit engine, by a token', async () => {
    const vault = await started();
    const here = await project(key(`hashivault://release?address=${vault.address}`));
    await signsAndVerifies(here, { VAULT_TOKEN: vault.token }, [vault.token]);
  });

  test('with a key in its transit engine, by the job’s ID token', async () => {
    const vault = await started();
    const here = await project(key(`hashivault://release?address=${vault.address}&login=jwt&role=release`));
    const token = issuer.mintToken(gitlabClaims(), { audience: vault.address });
    await signsAndVerifies(here, { SIGNWRIGHT_ID_TOKEN: token }, vault.secrets);
    const other = issuer.mintToken(gitlabClaims({ project_path: 'evil/app' }), { audience: vault.address });
    const asked = vault.asked.length;
    here.write('dist/b.bin', 'b');
    expect(await here.run(['sign'], { env: job(here, { SIGNWRIGHT_ID_TOKEN: other }) })).toMatchObject({ status: 1 });
    expect(vault.asked).toHaveLength(asked);
  });

  test('with a role of its PKI: certified is a name, which the policy tells the job by', async () => {
    const vault = await started();
    const name = 'https://gitlab.acme.example/acme/app//.gitlab-ci.yml@refs/heads/main';
    const certificate = `certificate: { vault: "${vault.address}/v1/pki/sign/release", audience: vault }`;
    const here = await project(certificate, `subject: "${name}"`);
    const pem = ({ der }: { der: Buffer }): string =>
      `-----BEGIN CERTIFICATE-----\n${der
        .toString('base64')
        .match(/.{1,64}/g)
        ?.join('\n')}\n-----END CERTIFICATE-----\n`;
    here.write('ca.pem', pem(vault.pki.ca) + pem(vault.pki.root));
    const trust = ['trust', 'add', '.signwright/trial/trusted-root.json', '--certificate-authority', 'ca.pem'];
    expect(await here.run([...trust, '--issuer', issuer.url])).toMatchObject({ status: 0 });
    const token = issuer.mintToken(gitlabClaims(), { audience: 'vault' });
    await signsAndVerifies(here, { SIGNWRIGHT_ID_TOKEN: token }, vault.secrets);
    const tag = issuer.mintToken(gitlabClaims({ ci_config_ref_uri: name.slice(8).replace('main', 'other') }), {
      audience: 'vault',
    });
    expect(await here.run(['sign'], { env: job(here, { SIGNWRIGHT_ID_TOKEN: tag }) })).toMatchObject({ status: 0 });
    here.write('dist/a.bin', 'changed');
    expect(await here.run(['sign'], { env: job(here, { SIGNWRIGHT_ID_TOKEN: tag }) })).toMatchObject({
      status: 1,
      stderr: /subject/,
    });
  });
});
