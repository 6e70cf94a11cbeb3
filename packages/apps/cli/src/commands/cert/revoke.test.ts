import { X509Certificate } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inventoryOf, openJournal } from '@signwright/certificates';
import { parseCertificate, parseCrl } from '@signwright/signing-core';
import { createDirectoryStore } from '@signwright/storage';
import { type CertificateOptions, type CertificateWorkspace, certificateProjects, hasSshKeygen } from '@signwright/testkit';
import { describe, expect, test } from 'vitest';

const project = certificateProjects();

const CRL = '.signwright/crl/acme.crl';
const entriesOf = async (here: CertificateWorkspace) =>
  inventoryOf((await openJournal(createDirectoryStore(here.path('.signwright/certificates'))).read()).events).entries;

/** A project with a certificate of a job. @returns its serial number too. */
async function issued(options?: CertificateOptions): Promise<{ here: CertificateWorkspace; serial: string }> {
  const here = await project(options);
  const { stdout } = await here.asJob(['cert', 'issue', '--profile', 'ci', '--output', 'json']);
  return { here, serial: (JSON.parse(stdout) as { serial: string }).serial };
}

const revoke = (here: CertificateWorkspace, who: string, ...args: string[]) =>
  here.run(['cert', 'revoke', '--key', `keys/${who}`, '--yes', '--reason', 'keyCompromise', '--why', 'found in a log', ...args]);
const isRevoked = (here: CertificateWorkspace, serial: string) =>
  parseCrl(readFileSync(here.path(CRL))).find(Buffer.from(serial, 'hex'));

describe.skipIf(!hasSshKeygen).concurrent('signwright cert revoke', () => {
  test('revokes at once: an order is signed, recorded, kept, and the CRL says so', async () => {
    const { here, serial } = await issued();
    const dry = await revoke(here, 'bob', '--serial', serial, '--dry-run');
    expect(dry).toMatchObject({ status: 0, stdout: /of acme \(job, .*\n.*dry run: 1 would be revoked.*nothing was signed/ });
    expect((await entriesOf(here))[0]?.revoked).toBeUndefined();

    const since = '2026-01-31T12:00:00Z';
    const done = await revoke(here, 'bob', '--serial', serial, '--invalid-from', since);
    expect(done).toMatchObject({ status: 0, stdout: /revoked: 1; evidence sha256:.*\nacme: CRL 1 until .*acme\.crl/ });
    expect(isRevoked(here, serial)).toMatchObject({ reason: 'keyCompromise', invalidFrom: Date.parse(since) });
    const [entry] = await entriesOf(here);
    expect(entry?.revoked).toMatchObject({ by: 'bob', reason: 'keyCompromise', invalidFrom: '2026-01-31T12:00:00.000Z' });
    const shown = await here.run(['approval', 'show', entry?.revoked?.order ?? '']);
    expect(JSON.parse(shown.stdout)).toMatchObject({
      statement: { predicateType: 'https://signwright.dev/revocation/v1', predicate: { person: 'bob', why: 'found in a log' } },
    });
    expect((await here.run(['audit', 'search', '--said', 'revoke'])).stdout).toMatch(/revoked +certificate/);
    expect((await here.run(['evidence', 'list', '--digest', entry?.digest ?? ''])).stdout).toMatch(/revocation/);
  });

  test('is for the incident role alone', async () => {
    const { here, serial } = await issued();
    expect(await revoke(here, 'ann', '--serial', serial)).toMatchObject({
      status: 1,
      stderr: /ann is not of the role security, which alone may act in an incident/,
    });
    expect((await entriesOf(here))[0]?.revoked).toBeUndefined();
    here.write('signwright.yaml', here.read('signwright.yaml').replace('incident: { role: security }', ''));
    expect(await revoke(here, 'bob', '--serial', serial)).toMatchObject({
      status: 2,
      stderr: /the policy does not say who may act in an incident/,
    });
  });

  test('finds them by the certificate, its key, its owner, or a workload and a time', async () => {
    const { here, serial } = await issued();
    await here.asJob(['cert', 'issue', '--profile', 'ci', '--directory', 'other']);
    const held = new X509Certificate(here.read('.signwright/held/ci/certificate.pem'));
    here.write('held.pub', held.publicKey.export({ type: 'spki', format: 'pem' }));
    const count = async (...args: string[]): Promise<number> => {
      const { stdout } = await revoke(here, 'bob', '--dry-run', '--output', 'json', ...args);
      return (JSON.parse(stdout) as { certificates: unknown[] }).certificates.length;
    };
    expect(await count('--certificate', '.signwright/held/ci/certificate.pem')).toBe(1);
    expect(await count('--certificate-key', 'held.pub')).toBe(1);
    expect(await count('--owner', 'build team')).toBe(2);
    expect(await count('--workload', 'job', '--since', '2026-01-31')).toBe(2);
    expect(await count('--serial', serial.toUpperCase().replace(/../g, '$&:').replace(/:$/, ''))).toBe(1);
    expect(await revoke(here, 'bob', '--workload', 'job', '--since', '2099-01-31')).toMatchObject({
      status: 2,
      stderr: /the inventory knows no such certificate/,
    });
  });

  test('wants to be told which, why, and since when that has come', async () => {
    const { here, serial } = await issued();
    expect(await revoke(here, 'bob')).toMatchObject({ status: 2, stderr: /which certificates\?/ });
    expect(await revoke(here, 'bob', '--serial', serial, '--owner', 'x')).toMatchObject({ status: 2, stderr: /several ways/ });
    expect(await revoke(here, 'bob', '--workload', 'job')).toMatchObject({
      status: 2,
      stderr: /--workload and --since go together/,
    });
    expect(await revoke(here, 'bob', '--serial', 'xyz')).toMatchObject({ status: 2, stderr: /is no serial number/ });
    expect(await revoke(here, 'bob', '--serial', serial, '--invalid-from', '2099-01-01')).toMatchObject({
      status: 2,
      stderr: /is still to come/,
    });
    const held = ['cert', 'revoke', '--key', 'keys/bob', '--serial', serial, '--reason', 'certificateHold', '--why', 'x'];
    expect(await here.run(held)).toMatchObject({ status: 2, stderr: /certificateHold/ });
  });

  test('revokes once, and again only for what is worse', async () => {
    const { here, serial } = await issued();
    const because = (reason: string) =>
      here.run(['cert', 'revoke', '--key', 'keys/bob', '--yes', '--reason', reason, '--why', 'x', '--serial', serial]);
    expect(await because('superseded')).toMatchObject({ status: 0, stdout: /revoked: 1/ });
    expect(await because('superseded')).toMatchObject({ status: 0, stdout: /nothing is to be revoked/ });
    expect(await because('keyCompromise')).toMatchObject({ status: 0, stdout: /revoked: 1/ });
    expect(isRevoked(here, serial)).toMatchObject({ reason: 'keyCompromise' });
    expect(await because('superseded')).toMatchObject({ status: 0, stdout: /nothing is to be revoked/ });
  });

  test('lets the order stand where the CA’s key is elsewhere, and says what completes it', async () => {
    const { here, serial } = await issued();
    const key = here.read('keys/ca.key');
    rmSync(here.path('keys/ca.key'));
    const done = await revoke(here, 'bob', '--serial', serial);
    expect(done).toMatchObject({
      status: 3,
      stdout: /revoked: 1/,
      stderr: /acme: no CRL was made here .*\n.*signwright cert crl --authority acme/,
    });
    expect(here.has(CRL)).toBe(false);
    here.write('keys/ca.key', key, 0o600);
    expect(await here.run(['cert', 'crl', '--if-due'])).toMatchObject({ status: 0, stdout: /^acme: CRL 1 until/ });
    expect(isRevoked(here, serial)).toMatchObject({ reason: 'keyCompromise' });
  });

  test('revokes a number of our own CA that nobody knows, for its key may have been stolen', async () => {
    const { here } = await issued();
    expect(await revoke(here, 'bob', '--serial', '2bcdef')).toMatchObject({ status: 2, stderr: /knows no such/ });
    expect(await revoke(here, 'bob', '--serial', '2bcdef', '--issued-by', 'acme')).toMatchObject({
      status: 0,
      stdout: /revoked: 1/,
    });
    expect(isRevoked(here, '2bcdef')).toMatchObject({ reason: 'keyCompromise' });
  });

  test('revokes a certificate that our own CA’s key signed and no inventory knows, in its CRL', async () => {
    const { here } = await issued();
    const policy = here.read('signwright.yaml');
    here.write('signwright.yaml', policy.replace('certificates:\n', 'certificates:\n  inventory: of-a-thief\n'));
    const { stdout } = await here.asJob(['cert', 'issue', '--profile', 'ci', '--directory', 'stolen', '--output', 'json']);
    const { serial, digest } = JSON.parse(stdout) as { serial: string; digest: string };
    here.write('signwright.yaml', policy);
    const done = await revoke(here, 'bob', '--certificate', 'stolen/certificate.pem');
    expect(done).toMatchObject({ status: 0, stdout: /of acme .*\nrevoked: 1; .*\nacme: CRL 1 until/ });
    expect(done.stdout).not.toContain('other CAs');
    expect(isRevoked(here, serial)).toMatchObject({ reason: 'keyCompromise' });
    expect((await entriesOf(here)).find((entry) => entry.digest === digest)).toMatchObject({ revoked: { by: 'bob' } });
    expect((await revoke(here, 'bob', '--certificate', 'stolen/certificate.pem')).stdout).toContain('nothing is to be revoked');
  });

  test('takes in a certificate of another’s CA, and says that it is to be revoked there', async () => {
    const { here } = await issued();
    const trial = (await here.done('sign', '--no-sidecars')) && [...here.evidence().values()][0];
    const bundle = JSON.parse(String(trial)) as { verificationMaterial: { certificate: { rawBytes: string } } };
    const der = Buffer.from(bundle.verificationMaterial.certificate.rawBytes, 'base64');
    here.write('foreign.crt', der);
    const done = await revoke(here, 'bob', '--certificate', 'foreign.crt');
    expect(done).toMatchObject({
      status: 0,
      stdout: /to be revoked there too.*revoked: 1.*1 of other CAs: .*revoke them there too/s,
    });
    const known = (await entriesOf(here)).find(({ digest }) => digest === `sha256:${parseCertificate(der).fingerprint}`);
    expect(known).toMatchObject({ revoked: { reason: 'keyCompromise' }, found: [{ in: 'import', place: 'foreign.crt' }] });
  });

  test('tells whoever the policy wants told', async () => {
    const { here, serial } = await issued({
      more: 'notify: [{ webhook: "http://127.0.0.1:9/hook", allow-private: true, secret-env: HOOK, on: [revoked] }]\n',
    });
    const { stderr } = await here.run(
      ['cert', 'revoke', '--key', 'keys/bob', '--yes', '--reason', 'superseded', '--why', 'x', '--serial', serial],
      { env: { HOOK: `whsec_${Buffer.alloc(32, 7).toString('base64')}` } },
    );
    expect(stderr).toMatch(/127\.0\.0\.1:9\/hook could not be told/);
  });
});

describe.skipIf(!hasSshKeygen).concurrent('what a revoked certificate signed', () => {
  const CHECKED = (policy: string): string =>
    policy.replace('timestamp: { trial', 'revocation: { mode: require, crls: [.signwright/crl/acme.crl] }, timestamp: { trial');
  /** A project whose job has signed, and whose verifier asks the CRL. */
  async function signed(): Promise<{ here: CertificateWorkspace; serial: string }> {
    const { here, serial } = await issued({ files: { 'nightly/a.tgz': 'a' } });
    await here.done('cert', 'crl');
    here.write('signwright.yaml', CHECKED(here.read('signwright.yaml')));
    const signing = await here.asJob(['sign', 'nightly', '--no-sidecars', '--environment', 'test']);
    expect(signing).toMatchObject({ status: 0 });
    return { here, serial };
  }
  const verify = (here: CertificateWorkspace) => here.run(['verify', 'nightly/a.tgz', '--environment', 'test']);

  test('counts until it is revoked as compromised, and from the next verification on no more', async () => {
    const { here, serial } = await signed();
    expect(await verify(here)).toMatchObject({ status: 0 });
    expect(await revoke(here, 'bob', '--serial', serial)).toMatchObject({ status: 0 });
    expect(await verify(here)).toMatchObject({ status: 1, stdout: /revoked/ });
  });

  test('goes on counting where it was only superseded, for a timestamp shows that it was before', async () => {
    const { here, serial } = await signed();
    // CRLs and timestamps tell whole seconds: what is of the same one was not before.
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const superseded = [
      'cert',
      'revoke',
      '--key',
      'keys/bob',
      '--yes',
      '--reason',
      'superseded',
      '--why',
      'x',
      '--serial',
      serial,
    ];
    expect(await here.run(superseded)).toMatchObject({ status: 0 });
    expect(await verify(here)).toMatchObject({ status: 0 });
  });

  test('does not count where it was revoked while it was signed', async () => {
    const { here, serial } = await issued({ files: { 'nightly/a.tgz': 'a' } });
    await here.done('cert', 'crl');
    here.write('signwright.yaml', CHECKED(here.read('signwright.yaml')));
    const [signing, revoking] = await Promise.all([
      here.asJob(['sign', 'nightly', '--no-sidecars', '--environment', 'test']),
      revoke(here, 'bob', '--serial', serial),
    ]);
    expect(revoking).toMatchObject({ status: 0 });
    expect([0, 1]).toContain(signing.status);
    expect((await verify(here)).status).toBe(1);
  });
});

describe.skipIf(!hasSshKeygen).concurrent('signwright cert crl', () => {
  test('makes one where it is due, and else writes the last one where it is missing', async () => {
    const here = await project();
    expect(await here.run(['cert', 'crl', '--if-due'])).toMatchObject({
      status: 0,
      stdout: /^acme: CRL 1 until \S+: .*acme\.crl; it is to lie at https:\/\/crl\.acme\.example\/acme\.crl\n$/,
    });
    const first = readFileSync(here.path(CRL));
    expect(await here.run(['cert', 'crl', '--if-due'])).toMatchObject({ status: 0, stdout: /CRL 1 .*\(not due\)/ });
    const elsewhere = await here.run(['cert', 'crl', '--if-due', '--out', 'www', '--output', 'json']);
    expect(JSON.parse(elsewhere.stdout)).toMatchObject({ crls: [{ authority: 'acme', number: 1, made: false }] });
    expect(readFileSync(here.path('www/acme.crl')).equals(first)).toBe(true);
    expect(await here.run(['cert', 'crl'])).toMatchObject({ status: 0, stdout: /CRL 2 / });
    expect(parseCrl(readFileSync(here.path(CRL))).number).toBe(2n);
  });

  test('is not made where the CA’s key is not, which is told with what makes a CA', async () => {
    const here = await project();
    rmSync(here.path('keys/ca.key'));
    expect(await here.run(['cert', 'crl'])).toMatchObject({
      status: 2,
      stderr: /the key of the authority acme is not here: keys\/ca\.key\n.*signwright cert init --authority acme --root-key FILE/,
    });
  });

  test('is looked for by doctor where certificates say that it lies, once somebody asks about revocation', async ({
    onTestFinished,
  }) => {
    const here = await project();
    const server = createServer((_, response) => {
      if (here.has(CRL)) response.end(readFileSync(here.path(CRL)));
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/acme.crl`;
    const policy = here.read('signwright.yaml').replace('https://crl.acme.example/acme.crl', address);
    here.write(
      'signwright.yaml',
      policy.replace('timestamp: { trial', 'revocation: { mode: require, allow-private: true }, timestamp: { trial'),
    );
    const env = { XDG_CACHE_HOME: here.path('cache') };
    expect((await here.run(['doctor'], { env })).stdout).toMatch(/FAIL {2}CRL http:\S+acme\.crl: there is nothing at/);
    await here.done('cert', 'crl');
    expect((await here.run(['doctor'], { env })).stdout).toMatch(
      /ok {4}CRL http:\S+acme\.crl: by O=Acme, .*, 0 revoked, next due/,
    );
  });

  test('is never made of an inventory that has forgotten', async () => {
    const { here, serial } = await issued();
    await revoke(here, 'bob', '--serial', serial);
    rmSync(here.path('.signwright/certificates'), { recursive: true });
    const elsewhere = { env: { XDG_STATE_HOME: here.path('fresh') } };
    expect(await here.run(['cert', 'crl'], elsewhere)).toMatchObject({
      status: 1,
      stderr: /acme\.crl is CRL 1 of acme, and the inventory .* knows of 0 alone\n.*restore the inventory/,
    });
    expect(isRevoked(here, serial)).toMatchObject({ reason: 'keyCompromise' });
  });

  test('is made of our own CAs alone', async () => {
    const here = await project();
    expect(await here.run(['cert', 'crl', '--authority', 'acne'])).toMatchObject({ status: 2, stderr: /did you mean acme/ });
  });
});
