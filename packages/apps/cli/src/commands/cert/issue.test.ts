import { X509Certificate } from 'node:crypto';
import { chmodSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { inventoryOf, openJournal } from '@signwright/certificates';
import { createDirectoryStore } from '@signwright/storage';
import { type CertificateWorkspace, certificateProjects, hasSshKeygen, openssl } from '@signwright/testkit';
import { describe, expect, test } from 'vitest';
import { makeKey } from '../../certificates/new-key.ts';

const project = certificateProjects();

const HELD = '.signwright/held/ci';
const issueToJob = ['cert', 'issue', '--profile', 'ci'];
const inventory = async (here: CertificateWorkspace) =>
  inventoryOf((await openJournal(createDirectoryStore(here.path('.signwright/certificates'))).read()).events);

describe.skipIf(!hasSshKeygen).concurrent('signwright cert issue, to a job', () => {
  test('is refused where the inventory would vanish with the machine of the job', async () => {
    const here = await project();
    here.write('signwright.yaml', here.read('signwright.yaml').replace('  persistent: true\n', ''));
    expect(await here.asJob(issueToJob)).toMatchObject({
      status: 2,
      stderr:
        /the inventory \S+certificates is a directory, and a CI job's machine may be thrown away.*\n.*certificates\.persistent: true/,
    });
    expect((await inventory(here)).entries).toEqual([]);
  });

  test('certifies a new key for its verified identity, holds both where the signer looks, and the signer signs with it', async () => {
    const here = await project({ files: { 'nightly/a.tgz': 'a' } });
    const issued = await here.asJob(issueToJob);
    expect(issued).toMatchObject({ status: 0, stdout: /^issued [0-9a-f]+, valid until .*\.signwright\/held\/ci\n/ });
    expect(statSync(here.path(`${HELD}/key`)).mode & 0o777).toBe(0o600);
    expect(here.read(`${HELD}/.gitignore`)).toBe('*\n');
    const leaf = new X509Certificate(here.read(`${HELD}/certificate.pem`));
    expect(leaf.subjectAltName).toBe(`URI:${here.oidc.url}/acme/app//ci@refs/heads/main`);
    expect(Date.parse(leaf.validTo) - Date.now()).toBeGreaterThan(23.9 * 3600_000);
    expect(Date.parse(leaf.validTo) - Date.now()).toBeLessThanOrEqual(24 * 3600_000);
    const { entries } = await inventory(here);
    expect(entries).toMatchObject([
      { authority: 'acme', profile: 'ci', requester: 'job', owner: 'build team', job: `${here.oidc.url}/acme/app/-/jobs/11` },
    ]);

    const signed = await here.asJob(['sign', 'nightly', '--no-sidecars', '--environment', 'test']);
    expect(signed).toMatchObject({ status: 0 });
    const verified = await here.run(['verify', 'nightly/a.tgz', '--environment', 'test']);
    expect(verified).toMatchObject({ status: 0, stdout: /signature:held/ });
  });

  test.skipIf(process.platform === 'win32')('is with a key elsewhere only where no checkout can have said which', async () => {
    const here = await project({ files: { 'nightly/a.tgz': 'a' } });
    await here.asJob(issueToJob);
    renameSync(here.path(`${HELD}/key`), here.path('moved.key'));
    here.write(`${HELD}/key-reference`, 'moved.key\n');
    const sign = () => here.asJob(['sign', 'nightly', '--no-sidecars', '--environment', 'test']);
    chmodSync(here.path(HELD), 0o755);
    const refused = { status: 2, stderr: /is not its owner's alone, .*its key-reference\n.*chmod 700/ };
    expect(await sign()).toMatchObject(refused);
    chmodSync(here.path(HELD), 0o700);
    renameSync(here.path(HELD), here.path('planted'));
    symlinkSync(here.path('planted'), here.path(HELD));
    expect(await sign()).toMatchObject(refused);
    expect(await here.asJob(issueToJob)).toMatchObject({ status: 3, stderr: /a link is there, which leads elsewhere/ });
    rmSync(here.path(HELD));
    renameSync(here.path('planted'), here.path(HELD));
    expect(await sign()).toMatchObject({ status: 0 });
  });

  test('writes what became of it into the log, with the job and without anybody’s address', async () => {
    const here = await project();
    await here.asJob(issueToJob);
    await here.asJob(issueToJob, { project_path: 'other/app' });
    const { stdout } = await here.run(['audit', 'search', '--event', 'certificate', '--output', 'json']);
    const { requests } = JSON.parse(stdout) as { requests: { record: object }[] };
    const job = `${here.oidc.url}/acme/app/-/jobs/11`;
    expect(requests.map(({ record }) => record)).toMatchObject([
      { said: 'refused', authority: 'acme', profile: 'ci', job, reason: expect.stringMatching(/none of the policy's workloads/) },
      { said: 'issued', authority: 'acme', profile: 'ci', job, serial: expect.stringMatching(/^[0-9a-f]+$/) },
      { said: 'issue', authority: 'acme', profile: 'ci', job },
    ]);
    expect(stdout).not.toContain('@example.com');
    expect((await here.run(['audit', 'list'])).stdout).toMatch(/issued +certificate/);
  });

  test.each([
    ['of another workload', { project_path: 'other/app' }, /this job is none of the policy's workloads.*repository/s],
    ['of another branch', { ref: 'feature' }, /this job is none of the policy's workloads.*ref/s],
    ['of a merge request', { pipeline_source: 'merge_request_event' }, /plan only/],
    ['that has expired', { exp: 1 }, /ID token/],
  ])('refuses the token of a job %s, and issues nothing', async (_, claims, says) => {
    const here = await project();
    expect(await here.asJob(issueToJob, claims)).toMatchObject({ status: 1, stderr: says });
    expect((await inventory(here)).entries).toEqual([]);
    expect(here.files(HELD)).toEqual([]);
  });

  test('refuses a token of another issuer, and one that another key signed', async () => {
    const here = await project();
    const other = await project();
    const token = (value: string) => ({ ...here.job(), SIGNWRIGHT_ID_TOKEN: value });
    expect(await here.run(issueToJob, { env: token(other.job()['SIGNWRIGHT_ID_TOKEN'] ?? '') })).toMatchObject({
      status: 1,
      stderr: /the ID token is of the issuer/,
    });
    const env = here.job();
    here.oidc.rotate();
    expect(await here.run(issueToJob, { env })).toMatchObject({ status: 1, stderr: /signature|key/ });
    expect((await inventory(here)).entries).toEqual([]);
  });

  test('is for jobs alone outside of people’s profiles', async () => {
    const here = await project();
    expect(await here.run(issueToJob)).toMatchObject({ status: 1, stderr: /there is no ID token outside a CI/ });
    expect(await here.asJob(['cert', 'issue', '--profile', 'approvers'])).toMatchObject({
      status: 1,
      stderr: /the profile approvers is for people, who show a proof each time/,
    });
    expect(await here.asJob(['cert', 'issue', '--profile', 'cii'])).toMatchObject({ status: 2, stderr: /did you mean ci/ });
    expect(await here.asJob(['cert', 'issue'])).toMatchObject({ status: 2, stderr: /nothing says what is to be issued/ });
  });

  test('as the desk of the CA certifies the key of another job, by its request and token', async () => {
    const here = await project();
    const { csr, publicKey } = await makeKey('ecdsa-p256', undefined);
    here.write('job.csr', csr);
    here.write('job.token', here.job()['SIGNWRIGHT_ID_TOKEN'] ?? '');
    const desk = (...args: string[]) =>
      here.run([...issueToJob, '--csr', 'job.csr', '--id-token-file', 'job.token', ...args], {
        env: { NODE_EXTRA_CA_CERTS: here.path('ca.pem') },
      });
    expect(await desk('--platform', 'gitlab', '--out', 'job.pem')).toMatchObject({ status: 0, stdout: /job\.pem/ });
    const [pem = ''] = here.read('job.pem').split(/(?<=-----END CERTIFICATE-----\n)/);
    expect(new X509Certificate(pem).publicKey.equals(publicKey)).toBe(true);
    expect(await desk()).toMatchObject({ status: 1, stderr: /the ID token says nothing of repository/ });
    expect(await here.run([...issueToJob, '--csr', 'job.csr'])).toMatchObject({ status: 2, stderr: /needs its ID token/ });
  });

  test.each([
    ['that another key signed', (csr: Buffer) => csr.fill(0x55, csr.length - 8), /certificate request/],
    ['that is none', () => Buffer.from('nonsense'), /certificate request/],
    [
      'for a foreign name',
      () => opensslRequest('-addext', 'subjectAltName=URI:https://elsewhere.example/x'),
      /the name https:\/\/elsewhere/,
    ],
    ['with a subject', () => opensslRequest('-subj', '/CN=root'), /distinguished name/],
    ['that would be a CA', () => opensslRequest('-addext', 'basicConstraints=critical,CA:true'), /extension 2\.5\.29\.19/],
    ['of a weak key', () => opensslRequest('-newkey', 'rsa:1024'), /RSA key of 1024 bits|rsa-1024/],
    [
      'of a key that the profile does not take',
      () => opensslRequest('-newkey', 'rsa:2048'),
      /rsa-2048, and the profile takes ecdsa-p256/,
    ],
  ] as [string, (csr: Buffer) => Buffer, RegExp][])('refuses a request %s', async (_, change, says) => {
    const here = await project();
    const { csr } = await makeKey('ecdsa-p256', undefined);
    here.write('job.csr', change(Buffer.from(csr)));
    here.write('job.token', here.job()['SIGNWRIGHT_ID_TOKEN'] ?? '');
    const desk = [...issueToJob, '--csr', 'job.csr', '--id-token-file', 'job.token', '--platform', 'gitlab', '--out', 'job.pem'];
    const { status, stderr } = await here.run(desk, { env: { NODE_EXTRA_CA_CERTS: here.path('ca.pem') } });
    expect(stderr).toMatch(says);
    expect([1, 2]).toContain(status);
    expect(here.has('job.pem')).toBe(false);
    expect((await inventory(here)).entries).toEqual([]);
  });
});

/** A request by openssl, for a new key; of ECDSA P-256 unless told. */
function opensslRequest(...args: string[]): Buffer {
  const key = args.includes('-newkey') ? [] : ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
  const subject = args.includes('-subj') ? [] : ['-subj', '/'];
  return openssl(['req', '-new', '-nodes', '-keyout', '/dev/null', '-outform', 'DER', ...key, ...subject, ...args]);
}
