import { X509Certificate } from 'node:crypto';
import { statSync } from 'node:fs';
import { type CertificateWorkspace, createCertificateWorkspace, hasSshKeygen } from '@signwright/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROOT = '.signwright/trial/trusted-root.json';

describe.skipIf(!hasSshKeygen)('signwright cert init', () => {
  let here: CertificateWorkspace;
  beforeAll(async () => {
    here = await createCertificateWorkspace();
  });
  afterAll(() => here.remove());
  const init = (args: readonly string[] = [], env: Readonly<Record<string, string>> = { ROOT: 'a passphrase for a root' }) =>
    here.run(
      ['cert', 'init', '--authority', 'acme', '--root-key', 'second.pem', '--organization', 'Acme', '--issuer', here.oidc.url]
        .concat(['--passphrase-env', 'ROOT'])
        .concat(args),
      { env },
    );

  test('makes an encrypted root, the key of the intermediate, and trusts both for the issuers named alone', async () => {
    expect(here.read('offline-root.pem')).toMatch(/^-----BEGIN ENCRYPTED PRIVATE KEY-----/);
    for (const key of ['offline-root.pem', 'keys/ca.key']) expect(statSync(here.path(key)).mode & 0o777).toBe(0o600);
    const shown = JSON.parse((await here.run(['trust', 'show', ROOT, '--output', 'json'])).stdout) as {
      certificateAuthorities: { chain: { subject: string }[]; issuers: string[] }[];
    };
    const ours = shown.certificateAuthorities.find(({ chain }) => chain[0]?.subject.includes('Acme'));
    expect(ours?.chain).toHaveLength(2);
    expect(ours?.issuers).toEqual([here.oidc.url, 'https://accounts.acme.example']);
  });

  test('says what is next: the root goes offline, and the CRL is to be published', async () => {
    const { status, stdout } = await init();
    expect({ status, stdout }).toMatchObject({
      status: 0,
      stdout: /take second\.pem offline now.*publish its CRL at https:\/\/crl\.acme\.example\/acme\.crl.*cert crl --if-due/s,
    });
    expect(stdout).toMatch(/its key is \S+keys\/ca\.key: keep it .*out of version control\n/);
  });

  test('makes nothing over a key that is there, without a passphrase, of another’s CA, or in a job', async () => {
    const before = here.read(ROOT);
    expect(await init(['--root-key', 'offline-root.pem'])).toMatchObject({ status: 2, stderr: /never overwritten/ });
    expect(await init(['--root-key', 'third.pem'], { ROOT: 'short' })).toMatchObject({
      status: 2,
      stderr: /shorter than 12 bytes/,
    });
    expect(await init(['--authority', 'acne'])).toMatchObject({ status: 2, stderr: /did you mean acme/ });
    expect(await init(['--root-key', 'third.pem'], here.job())).toMatchObject({
      status: 1,
      stderr: /a job of a CI does not make a CA/,
    });
    expect(here.has('third.pem')).toBe(false);
    expect(here.read(ROOT)).toBe(before);
  });

  test('makes what openssl and Node read as a chain', async () => {
    const { stdout } = await here.asJob(['cert', 'issue', '--profile', 'ci']);
    expect(stdout).toMatch(/^issued/);
    const [issuing = '', root = ''] = here.read('.signwright/held/ci/chain.pem').split(/(?<=-----END CERTIFICATE-----\n)/);
    const [leaf, ca, top] = [here.read('.signwright/held/ci/certificate.pem'), issuing, root].map(
      (one) => new X509Certificate(one),
    );
    expect([leaf?.checkIssued(ca as X509Certificate), ca?.checkIssued(top as X509Certificate), top?.ca]).toEqual([
      true,
      true,
      true,
    ]);
  });
});
