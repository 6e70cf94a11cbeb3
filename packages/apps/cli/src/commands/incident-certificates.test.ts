import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inventoryOf, openJournal } from '@signwright/certificates';
import { parseCrl } from '@signwright/signing-core';
import { createDirectoryStore } from '@signwright/storage';
import { type CertificateOptions, type CertificateWorkspace, certificateProjects, hasSshKeygen } from '@signwright/testkit';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

const project = certificateProjects();

/** A project in which a job signed with a certificate of its own CA. */
async function signed(options: CertificateOptions = {}): Promise<CertificateWorkspace> {
  const here = await project({ files: { 'nightly/a.tgz': 'a' }, ...options });
  expect((await here.asJob(['cert', 'issue', '--profile', 'ci'])).status).toBe(0);
  expect(await here.asJob(['sign', '--no-sidecars', '--environment', 'test', 'nightly'])).toMatchObject({ status: 0 });
  return here;
}

const WHY = ['--why', 'runner 7 was taken over'];
const act = (here: CertificateWorkspace, args: string[], env: Record<string, string> = {}) =>
  here.run(['incident', ...args, ...WHY, '--my-key', 'keys/bob', '--yes'], { env });
const entriesOf = async (here: CertificateWorkspace) =>
  inventoryOf((await openJournal(createDirectoryStore(here.path('.signwright/certificates'))).read()).events).entries;
const crlOf = (here: CertificateWorkspace) => parseCrl(readFileSync(here.path('.signwright/crl/acme.crl')));
const SINCE = '2026-01-31T12:00:00.000Z';

describe.skipIf(!hasSshKeygen).concurrent('signwright incident of certificates', { timeout: 120_000 }, () => {
  test('of a workload: its certificates are in the CRL, and what it is to do for new ones is said', async () => {
    const here = await signed();
    const dry = await here.run(['incident', '--workload', 'job', '--since', SINCE, ...WHY, '--dry-run']);
    expect(dry).toMatchObject({ status: 0, stdout: /2\. certificates to revoke\n {2}[0-9a-f]+ of acme \(ci, job\), until/ });
    expect((await entriesOf(here))[0]?.revoked).toBeUndefined();

    const until = new Date(Date.now() - 1000).toISOString();
    const done = await act(here, ['--workload', 'job', '--since', SINCE, '--until', until]);
    expect(done).toMatchObject({
      status: 0,
      stdout:
        /ci for job \(1 revoked\): in a job of job.*\n {4}\$ signwright cert issue --policy signwright\.yaml --profile ci --directory \S+held\/ci\n[\s\S]*revoked: 1\n/,
    });
    const [entry] = await entriesOf(here);
    expect(entry?.revoked).toMatchObject({ reason: 'keyCompromise', invalidFrom: SINCE, by: 'bob' });
    expect(crlOf(here).find(Buffer.from(entry?.serial ?? '', 'hex'))).toMatchObject({
      reason: 'keyCompromise',
      invalidFrom: Date.parse(SINCE),
    });
    expect(parse(here.read('signwright.yaml')).workloads.job.compromised).toEqual([{ from: SINCE, until, reason: WHY[1] }]);
    const again = await act(here, ['--workload', 'job', '--since', SINCE, '--until', until]);
    expect(again).toMatchObject({
      status: 0,
      stdout: /2\. certificates to revoke\n {2}done before: 1\n[\s\S]*revoked: 0; before: 1\nrecorded before, by bob/,
    });
  });

  test('of one certificate, by its serial number, its digest or its file: it is revoked, and the policy stays as it is', async () => {
    const here = await signed();
    const before = here.read('signwright.yaml');
    const [entry] = await entriesOf(here);
    for (const named of [entry?.serial ?? '', entry?.digest ?? '', '.signwright/held/ci/certificate.pem'])
      expect(await here.run(['incident', '--certificate', named, ...WHY, '--dry-run'])).toMatchObject({
        status: 0,
        stdout:
          /1 artifact, 1 signature[\s\S]*nightly\/a\.tgz[\s\S]*of acme \(ci, job\)[\s\S]*none: a certificate is cut off by being revoked/,
      });
    expect(await act(here, ['--certificate', entry?.serial ?? ''])).toMatchObject({
      status: 0,
      stdout:
        /revoked: 1\n {2}acme: CRL 1 until \S+: \S+acme\.crl; it is to lie at https:\/\/crl\.acme\.example\/acme\.crl\n {2}publish it now; .*max-age\n/,
    });
    expect(crlOf(here).find(Buffer.from(entry?.serial ?? '', 'hex'))).toMatchObject({ reason: 'keyCompromise' });
    expect(here.read('signwright.yaml')).toBe(before);
  });

  test('of a signer without a key names what its certificates are found by', async () => {
    const here = await signed();
    expect(await here.run(['incident', '--key', 'held', ...WHY, '--dry-run'])).toMatchObject({
      status: 2,
      stderr: /signer held has no key of its own: it signs with certificates\n.*the certificate .*, or the workload \(job\)/,
    });
  });

  test('of the key of a certificate: all certificates of that key', async () => {
    const here = await signed();
    const [entry] = await entriesOf(here);
    const done = await act(here, ['--key', entry?.key ?? '', '--since', SINCE]);
    expect(done).toMatchObject({ status: 0, stdout: /1 artifact, 1 signature[\s\S]*revoked: 1\n/ });
    expect((await entriesOf(here))[0]?.revoked).toMatchObject({ invalidFrom: SINCE });
  });

  test('of a time: all certificates that were issued in it', async () => {
    const here = await signed();
    expect(await act(here, ['--since', '2020-01-01', '--until', '2020-02-01'])).toMatchObject({
      status: 0,
      stdout: /revoked: 0\n/,
    });
    expect(await act(here, ['--since', '2020-01-01', '--until', '2099-01-01'])).toMatchObject({
      status: 0,
      stdout: /revoked: 1\n/,
    });
  });

  test('whoever the policy wants told is told, and told of the same event where it is run again', async () => {
    const here = await signed();
    const heard: { id: unknown; type: string; data: object }[] = [];
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        heard.push({ id: request.headers['webhook-id'], ...JSON.parse(Buffer.concat(chunks).toString()) });
        response.end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const webhook = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const on = `notify: [{ webhook: "${webhook}", secret-env: HOOK, allow-private: true, on: [incident] }]\n`;
    here.write('signwright.yaml', `${here.read('signwright.yaml')}${on}`);
    const env = { HOOK: `whsec_${Buffer.alloc(32, 7).toString('base64')}` };
    const untold = await act(here, ['--workload', 'job', '--since', SINCE]);
    expect(untold).toMatchObject({ status: 3, stdout: /recorded: evidence/, stderr: /HOOK .*is not set/ });
    for (const _ of [1, 2]) expect((await act(here, ['--workload', 'job', '--since', SINCE], env)).status).toBe(0);
    server.close();
    expect(heard).toMatchObject(
      [1, 2].map(() => ({ type: 'incident', data: { what: 'workload', id: 'job', person: 'bob', total: 1 } })),
    );
    expect(heard[0]?.id).toBe(heard[1]?.id);
  });

  test('a new certificate is issued here where the job of one that was revoked runs it', async () => {
    const here = await signed();
    here.write(
      'signwright.yaml',
      here.read('signwright.yaml').replace('audit: { log: log,', 'audit: { log: log, persistent: true,'),
    );
    const [entry] = await entriesOf(here);
    const done = await here.asJob([
      'incident',
      '--certificate',
      entry?.serial ?? '',
      ...WHY,
      '--my-key',
      'keys/bob',
      '--yes',
      '--reissue',
    ]);
    expect(done).toMatchObject({ status: 0, stdout: /issued anew: ci in \S+held\/ci\n/ });
    const entries = await entriesOf(here);
    expect(entries.map(({ revoked }) => revoked !== undefined)).toEqual([true, false]);
    expect(entries[1]?.key).not.toBe(entries[0]?.key);
  });
});
