import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseCrl } from '@signwright/signing-core';
import {
  type CertificateOptions,
  type CertificateWorkspace,
  certificateProjects,
  hasOpenssl,
  hasSshKeygen,
  openssl,
} from '@signwright/testkit';
import { describe, expect, test } from 'vitest';

const project = certificateProjects();

const ROOT = '.signwright/trial/trusted-root.json';
const NEXT: CertificateOptions = {
  authorities: '    acme-2: { key: keys/ca-2.key, crl: "https://crl.acme.example/acme-2.crl" }\n',
  profiles: '    next: { purpose: nightly builds, authority: acme-2, validity: 24h, owner: build team, workloads: [job] }\n',
};

type Listed = { chain: { subject: string }[]; issuers: string[] };
const byRoot = (here: CertificateWorkspace, args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  here.run(['cert', ...args, '--root-key', 'offline-root.pem', '--passphrase-env', 'ROOT'], {
    env: { ROOT: 'a passphrase for a root', ...env },
  });
const trusted = async (here: CertificateWorkspace): Promise<Listed[]> => {
  const { stdout } = await here.run(['trust', 'show', ROOT, '--output', 'json']);
  const { certificateAuthorities } = JSON.parse(stdout) as { certificateAuthorities: Listed[] };
  return certificateAuthorities.filter(({ chain }) => chain[0]?.subject.includes('Acme'));
};
/** The certificates of a job, as openssl wants them. */
function chainOf(here: CertificateWorkspace, profile: string): { leaf: string; issuing: string; root: string } {
  const [issuing = '', root = ''] = here.read(`.signwright/held/${profile}/chain.pem`).split(/(?<=-----END CERTIFICATE-----\n)/);
  here.write(`${profile}-issuing.pem`, issuing);
  here.write(`${profile}-root.pem`, root);
  return {
    leaf: here.path(`.signwright/held/${profile}/certificate.pem`),
    issuing: here.path(`${profile}-issuing.pem`),
    root: here.path(`${profile}-root.pem`),
  };
}

const pemCrl = (path: string): string => openssl(['crl', '-in', path, '-inform', 'DER']).toString();
const revoke = (here: CertificateWorkspace, who: string, ...args: string[]) =>
  here.run(['cert', 'revoke', '--key', `keys/${who}`, '--yes', '--reason', 'keyCompromise', '--why', 'stolen', ...args]);

describe.skipIf(!hasSshKeygen).concurrent('signwright cert intermediate', () => {
  test('has the root certify another key, which issues beside the one before, for the same issuers', async () => {
    const here = await project(NEXT);
    const [before] = await trusted(here);
    const done = await byRoot(here, ['intermediate', '--authority', 'acme-2']);
    expect(done).toMatchObject({
      status: 0,
      stdout: /^the authority acme-2: O=Acme, CN=Signing CA .*its key is .*ca-2\.key.*take offline-root\.pem offline again/s,
    });
    const [first, second, ...others] = await trusted(here);
    expect([first, others]).toEqual([before, []]);
    expect(second?.issuers).toEqual(before?.issuers);
    expect(second?.chain[1]).toEqual(before?.chain[1]);
    expect(second?.chain[0]?.subject).not.toBe(before?.chain[0]?.subject);
    for (const profile of ['ci', 'next'])
      expect(
        await here.asJob(['cert', 'issue', '--profile', profile, '--directory', `.signwright/held/${profile}`]),
      ).toMatchObject({
        status: 0,
      });
    const [old, next] = [chainOf(here, 'ci'), chainOf(here, 'next')].map(({ issuing }) => readFileSync(issuing, 'utf8'));
    expect(new X509Certificate(old as string).publicKey.equals(new X509Certificate(next as string).publicKey)).toBe(false);
  });

  test('certifies the same key again, before its certificate ends', async () => {
    const here = await project();
    expect(await byRoot(here, ['intermediate', '--authority', 'acme', '--validity', '3650d'])).toMatchObject({
      status: 2,
      stderr: /after the root/,
    });
    const again = await byRoot(here, [
      'intermediate',
      '--authority',
      'acme',
      '--validity',
      '2000d',
      '--root-crl',
      'http://a.example/r',
    ]);
    expect(again).toMatchObject({ status: 0, stdout: expect.not.stringMatching(/its key is new/) });
    const [first, second] = await trusted(here);
    expect(second?.chain[0]?.subject).toBe(first?.chain[0]?.subject);
    expect(await here.asJob(['cert', 'issue', '--profile', 'ci'])).toMatchObject({ status: 0 });
    const { issuing } = chainOf(here, 'ci');
    expect(Date.parse(new X509Certificate(readFileSync(issuing)).validTo)).toBeGreaterThan(Date.now() + 1999 * 86_400_000);
  });

  test('changes nothing without the passphrase, with a key that is no root, and in a job', async () => {
    const here = await project(NEXT);
    const before = here.read(ROOT);
    const intermediate = ['cert', 'intermediate', '--authority', 'acme-2', '--root-key'];
    expect(await here.run([...intermediate, 'offline-root.pem'])).toMatchObject({ status: 2, stderr: /the root is encrypted/ });
    expect(await here.run([...intermediate, 'keys/ca.key'])).toMatchObject({
      status: 2,
      stderr: /no certificate authority under the root of this key/,
    });
    expect(await byRoot(here, ['intermediate', '--authority', 'acme-2'], here.job())).toMatchObject({
      status: 1,
      stderr: /a job of a CI/,
    });
    expect(here.has('keys/ca-2.key')).toBe(false);
    expect(here.read(ROOT)).toBe(before);
  });
});

describe.skipIf(!hasSshKeygen || !hasOpenssl).concurrent('an intermediate', { timeout: 120_000 }, () => {
  test('is revoked by the incident role, and on the CRL of its root, as OpenSSL sees it', async () => {
    const here = await project(NEXT);
    await here.asJob(['cert', 'issue', '--profile', 'ci']);
    const { leaf, issuing, root } = chainOf(here, 'ci');
    await here.done('cert', 'crl', '--authority', 'acme');
    const first = await byRoot(here, ['crl', '--output', 'json']);
    const [{ path, authority }] = (JSON.parse(first.stdout) as { crls: [{ path: string; authority: string }] }).crls;
    expect(authority).toMatch(/^root\/[0-9a-f]{40}$/);
    const verify = () => {
      here.write('crls.pem', pemCrl(here.path('.signwright/crl/acme.crl')) + pemCrl(path));
      const files = ['-CAfile', root, '-untrusted', issuing, '-CRLfile', here.path('crls.pem'), leaf];
      return openssl(['verify', '-crl_check_all', '-purpose', 'any', ...files]).toString();
    };
    expect(verify()).toMatch(/: OK/);

    expect(await revoke(here, 'ann', '--certificate', issuing)).toMatchObject({
      status: 1,
      stderr: /is not of the role security/,
    });
    const revoked = await revoke(here, 'bob', '--certificate', issuing);
    expect(revoked).toMatchObject({
      status: 3,
      stdout: /^[0-9a-f]+ of root\/.*revoked: 1; evidence sha256:/s,
      stderr: /the root's key is offline.*signwright cert crl --root-key FILE/s,
    });
    expect(await byRoot(here, ['crl', '--if-due'])).toMatchObject({ status: 0, stdout: /^root\/[0-9a-f]+: CRL 2 until / });
    expect(verify).toThrow(/certificate revoked/);
    const { serialNumber } = new X509Certificate(readFileSync(issuing));
    expect(parseCrl(readFileSync(path)).find(Buffer.from(serialNumber, 'hex'))).toMatchObject({ reason: 'keyCompromise' });
    expect(await byRoot(here, ['crl', '--if-due'])).toMatchObject({ status: 0, stdout: /\(not due\)/ });
    expect(await revoke(here, 'bob', '--certificate', issuing)).toMatchObject({ status: 0, stdout: /nothing is to be revoked/ });
  });

  test('that is revoked takes all it certified with it, and one beside it goes on', async () => {
    const here = await project({ ...NEXT, files: { 'nightly/a.tgz': 'a', 'nightly/b.tgz': 'b' } });
    await here.asJob(['cert', 'issue', '--profile', 'ci']);
    const { issuing } = chainOf(here, 'ci');
    expect(await byRoot(here, ['intermediate', '--authority', 'acme-2'])).toMatchObject({ status: 0 });
    await here.done('cert', 'crl', '--authority', 'acme');
    await here.done('cert', 'crl', '--authority', 'acme-2');
    const [{ path }] = (
      JSON.parse((await byRoot(here, ['crl', '--lifetime', '30d', '--output', 'json'])).stdout) as { crls: [{ path: string }] }
    ).crls;
    const crls = `crls: [.signwright/crl/acme.crl, .signwright/crl/acme-2.crl, "${path.slice(path.indexOf('.signwright'))}"]`;
    const policy = here.read('signwright.yaml');
    here.write(
      'signwright.yaml',
      policy.replace('timestamp: { trial', `revocation: { mode: require, ${crls} }, timestamp: { trial`),
    );
    const sign = ['sign', '--no-sidecars', '--environment', 'test'];
    const verify = (name: string) => here.run(['verify', name, '--environment', 'test']);
    expect(await here.asJob([...sign, 'nightly/a.tgz'])).toMatchObject({ status: 0 });
    expect(await verify('nightly/a.tgz')).toMatchObject({ status: 0 });

    expect(await revoke(here, 'bob', '--certificate', issuing)).toMatchObject({ status: 3 });
    expect(await byRoot(here, ['crl', '--lifetime', '30d'])).toMatchObject({ status: 0 });
    expect(await verify('nightly/a.tgz')).toMatchObject({ status: 1, stdout: /revoked/ });
    here.write(
      'signwright.yaml',
      here.read('signwright.yaml').replace('held: { certificate: { profile: ci }', 'held: { certificate: { profile: next }'),
    );
    expect(await here.asJob(['cert', 'issue', '--profile', 'next'])).toMatchObject({ status: 0 });
    expect(await here.asJob([...sign, 'nightly/b.tgz'])).toMatchObject({ status: 0 });
    expect(await verify('nightly/b.tgz')).toMatchObject({ status: 0 });
  });

  test('has a CRL of its own key, and its root one of its own: which is wanted is said', async () => {
    const here = await project();
    expect(await byRoot(here, ['crl', '--authority', 'acme'])).toMatchObject({ status: 2, stderr: /cannot be used with/ });
    expect(await here.run(['cert', 'crl', '--lifetime', '30d'])).toMatchObject({
      status: 2,
      stderr: /--lifetime goes with --root-key/,
    });
  });
});
