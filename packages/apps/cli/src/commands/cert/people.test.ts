import { X509Certificate } from 'node:crypto';
import { statSync } from 'node:fs';
import {
  CERTIFICATE_REQUEST,
  IN_TOTO,
  parseBundle,
  sha256,
  signEnvelope,
  writeAskedCertificate,
  writeBundle,
} from '@signwright/signing-core';
import {
  type CertificateWorkspace,
  certificateProjects,
  hasSshKeygen,
  type KeyName,
  softwareSecurityKey,
} from '@signwright/testkit';
import { describe, expect, test } from 'vitest';
import { makeKey } from '../../certificates/new-key.ts';
import { openPolicy } from '../../context/open-policy.ts';
import { openTimestamps } from '../../context/open-timestamps.ts';

const project = certificateProjects();

const ask = (here: CertificateWorkspace, who: KeyName, ...more: string[]) =>
  here.run([
    'cert',
    'request',
    '--profile',
    'approvers',
    '--key',
    `keys/${who}`,
    '--new-key',
    `${who}.key`,
    '--out',
    `${who}.json`,
    ...more,
  ]);
const approve = (here: CertificateWorkspace, who: KeyName, request: string, ...more: string[]) =>
  here.run(['cert', 'approve', request, '--key', `keys/${who}`, '--yes', ...more]);
const issue = (here: CertificateWorkspace, ...files: string[]) => here.run(['cert', 'issue', '--request', ...files]);

const KEY = softwareSecurityKey();
const UNVERIFIED = softwareSecurityKey({ verification: false });

/** A request that somebody signed with a security key, which no test can touch. */
async function bySecurityKey(here: CertificateWorkspace, person: string, key = KEY): Promise<string> {
  const open = await openPolicy({ policy: here.path('signwright.yaml') }, new Date());
  if (open.trustRoot === undefined) throw new Error('the policy has no trust root');
  const timestamps = await openTimestamps(open, open.trustRoot, () => undefined);
  const { csr } = await makeKey('ecdsa-p256', undefined);
  const asked = { person, profile: 'approvers', given: new Date().toISOString(), csr, policy: { digest: open.policy.digest } };
  const by = {
    person: { publicKey: () => key.line, sign: async (message: Uint8Array, namespace: string) => key.sign(message, namespace) },
  };
  const { signature, ...sealed } = await signEnvelope(IN_TOTO, writeAskedCertificate(asked), CERTIFICATE_REQUEST, by);
  const bytes = writeBundle({ ...sealed, timestamps: [Buffer.from(await timestamps.timestamp(signature))] });
  return here.write(`${person}-${sha256(csr).slice(7, 15)}.json`, bytes);
}

/** The same signature, with a timestamp of now: anybody can get one. */
async function timestampedAgain(here: CertificateWorkspace, file: string): Promise<Buffer> {
  const open = await openPolicy({ policy: here.path('signwright.yaml') }, new Date());
  if (open.trustRoot === undefined) throw new Error('the policy has no trust root');
  const timestamps = await openTimestamps(open, open.trustRoot, () => undefined);
  const { content, key } = parseBundle(Buffer.from(here.read(file)));
  if (content.type !== 'envelope') throw new Error('no envelope');
  return writeBundle({ content, key, timestamps: [Buffer.from(await timestamps.timestamp(content.envelope.signature))] });
}

describe.skipIf(!hasSshKeygen).concurrent('a person’s certificate', () => {
  test('is issued after somebody else’s approval, to be held with its key, and then approves', async () => {
    const here = await project();
    const asked = await ask(here, 'ann', '--reason', 'release duty');
    expect(asked).toMatchObject({
      status: 0,
      stdout: /somebody else of engineering signs it too: signwright cert approve ann\.json/,
    });
    expect(statSync(here.path('ann.key')).mode & 0o777).toBe(0o600);
    const approved = await approve(here, 'bob', 'ann.json');
    expect(approved).toMatchObject({
      status: 0,
      stdout: /ann asks for .*approvers: approvals\n.*168 hours.*because: release duty.*bob approved it: ann\.bob\.json/s,
    });
    const issued = await issue(here, 'ann.json', 'ann.bob.json');
    expect(issued).toMatchObject({ status: 0, stdout: /give it to ann: signwright cert hold --certificate ann\.pem/ });
    const leaf = new X509Certificate(here.read('ann.pem'));
    expect(leaf.subjectAltName).toBe('email:ann@acme.example');
    expect(Math.round((Date.parse(leaf.validTo) - Date.now()) / 3600_000)).toBe(168);

    const hold = ['cert', 'hold', '--certificate', 'ann.pem', '--key', 'ann.key', '--profile', 'approvers'];
    expect(await here.run(hold)).toMatchObject({ status: 0 });
    const request = await here.asked();
    const said = await here.run(['approve', request, '--held', '.signwright/held/approvers', '--yes']);
    expect(said).toMatchObject({ status: 0, stdout: /ann approved: evidence sha256:/ });
    expect((await here.run(['verify', 'dist/a.tgz'])).stdout).toMatch(/✓ approval:engineering +met/);

    const affected = await here.run(['incident', '--certificate', 'ann.pem', '--why', 'a laptop is gone', '--dry-run']);
    expect(affected).toMatchObject({ status: 0, stdout: /in the log: 1\n\s+\S+ approval by ann: / });
    expect(affected.stdout).not.toContain('NOT in the log');
  });

  test('is issued after a security key that checked who was at it, by that alone', async () => {
    const here = await project({ ann: `, "${KEY.line}"` });
    const issued = await issue(here, await bySecurityKey(here, 'ann'));
    expect(issued).toMatchObject({ status: 0, stdout: /ann\.pem/ });
    expect((await here.run(['audit', 'search', '--event', 'certificate'])).stdout).not.toContain('ann@acme.example');
  });

  test('is not issued where the security key did not check', async () => {
    const here = await project({ ann: `, "${KEY.line}"` });
    expect(await issue(here, await bySecurityKey(here, 'ann', UNVERIFIED))).toMatchObject({
      status: 1,
      stderr: /did not check who touched it/,
    });
  });

  test('is not issued without a proof, which is told with what would do', async () => {
    const here = await project();
    await ask(here, 'ann');
    expect(await issue(here, 'ann.json')).toMatchObject({
      status: 1,
      stderr:
        /the request of ann is not proved: it is not signed by a security key .*; nobody else of engineering has signed it\n.*verify-required.*, or have somebody else of engineering sign it: signwright cert approve ann\.json/s,
    });
    expect((await here.run(['audit', 'search', '--said', 'refused', '--output', 'json'])).stdout).toMatch(/is not proved/);
  });

  test('counts no second signature of the same person, whatever key it is by', async () => {
    const here = await project();
    await ask(here, 'ann');
    expect(await approve(here, 'ann-too', 'ann.json')).toMatchObject({
      status: 1,
      stderr: /ann asked for it, so somebody else must/,
    });
    expect(await issue(here, 'ann.json', 'ann.json')).toMatchObject({
      status: 1,
      stderr: /only ann signed it, if more than once/,
    });
  });

  test('counts nobody who is not of the roles, of those who ask and of those who approve', async () => {
    const here = await project();
    expect(await ask(here, 'cleo')).toMatchObject({
      status: 1,
      stderr: /cleo is of none of the roles of approvers \(engineering\)/,
    });
    await ask(here, 'ann');
    expect(await approve(here, 'cleo', 'ann.json')).toMatchObject({
      status: 1,
      stderr: /cleo is not of engineering, so it would not count/,
    });
    expect(await approve(here, 'mallory', 'ann.json')).toMatchObject({ status: 1, stderr: /is nobody's that the policy names/ });
  });

  test('counts no approval of another key, and none without the person’s own request', async () => {
    const here = await project();
    await ask(here, 'ann');
    await here.run([
      'cert',
      'request',
      '--profile',
      'approvers',
      '--key',
      'keys/ann',
      '--new-key',
      'two.key',
      '--out',
      'two.json',
    ]);
    await approve(here, 'bob', 'two.json');
    expect(await issue(here, 'ann.json', 'two.bob.json')).toMatchObject({
      status: 1,
      stderr: /bob signed a request for another key/,
    });
    expect(await issue(here, 'two.bob.json')).toMatchObject({ status: 1, stderr: /ann did not sign the request/ });
  });

  test('is issued once for a request', async () => {
    const here = await project();
    await ask(here, 'ann');
    await approve(here, 'bob', 'ann.json');
    expect((await issue(here, 'ann.json', 'ann.bob.json')).status).toBe(0);
    expect(await issue(here, 'ann.json', 'ann.bob.json')).toMatchObject({
      status: 1,
      stderr: /this request was granted already/,
    });
  });

  test('is issued once for a request, however its file is written and whenever it was timestamped again', async () => {
    const here = await project();
    await ask(here, 'ann');
    await approve(here, 'bob', 'ann.json');
    expect((await issue(here, 'ann.json', 'ann.bob.json')).status).toBe(0);
    for (const name of ['ann', 'ann.bob']) here.write(`${name}.again.json`, await timestampedAgain(here, `${name}.json`));
    expect(await issue(here, 'ann.again.json', 'ann.bob.again.json')).toMatchObject({
      status: 1,
      stderr: /this request was granted already/,
    });
    // Another request of their own for the same key: what somebody else signed before counted once.
    const own = ['--certificate-key', 'ann.key', '--out', 'own.json'];
    await here.run(['cert', 'request', '--profile', 'approvers', '--key', 'keys/ann', ...own]);
    expect(await issue(here, 'own.json', 'ann.bob.again.json')).toMatchObject({ status: 1, stderr: /was granted already/ });
    expect((await approve(here, 'bob', 'own.json')).status).toBe(0);
    expect(await issue(here, 'own.json', 'own.bob.json')).toMatchObject({ status: 0 });
  });

  test('is not asked for, nor approved, by a certificate that a CRL revokes', async () => {
    const here = await project();
    await ask(here, 'ann');
    await approve(here, 'bob', 'ann.json');
    await issue(here, 'ann.json', 'ann.bob.json');
    await here.run(['cert', 'hold', '--certificate', 'ann.pem', '--key', 'ann.key', '--profile', 'approvers']);
    const held = ['--held', '.signwright/held/approvers'];
    const again = ['cert', 'request', '--profile', 'approvers', ...held, '--new-key', 'next.key', '--out', 'next.json'];
    expect(await here.run(again)).toMatchObject({ status: 0 });
    expect(await approve(here, 'bob', 'next.json')).toMatchObject({ status: 0 });
    const why = ['--reason', 'keyCompromise', '--why', 'stolen'];
    await here.run(['cert', 'revoke', '--key', 'keys/bob', '--yes', '--certificate', 'ann.pem', ...why]);
    // Another inventory knows nothing of it, as of what others' CAs revoke.
    const policy = here
      .read('signwright.yaml')
      .replace('certificates:\n', 'certificates:\n  inventory: another\n')
      .replace(/(trust:\s*\{)/, '$1 revocation: { mode: prefer, crls: [.signwright/crl/acme.crl] },');
    here.write('signwright.yaml', policy);
    const says = { status: 1, stderr: /what was signed does not count: .* was revoked at/ };
    expect(await issue(here, 'next.json', 'next.bob.json')).toMatchObject(says);
    expect(await approve(here, 'bob', 'next.json', '--out', 'more.json')).toMatchObject(says);
  });

  test('is not issued where a file was changed, or says something else', async () => {
    const here = await project();
    await ask(here, 'ann');
    const bundle = JSON.parse(here.read('ann.json')) as { dsseEnvelope: { payload: string } };
    const payload = Buffer.from(bundle.dsseEnvelope.payload, 'base64').toString().replace('"person":"ann"', '"person":"bob"');
    here.write(
      'changed.json',
      JSON.stringify({ ...bundle, dsseEnvelope: { ...bundle.dsseEnvelope, payload: Buffer.from(payload).toString('base64') } }),
    );
    expect(await issue(here, 'changed.json')).toMatchObject({ status: 1, stderr: /no request for a certificate that holds/ });
    here.write('nothing.json', '{}');
    expect(await issue(here, 'nothing.json')).toMatchObject({ status: 1, stderr: /no request for a certificate that holds/ });
  });

  test('has a key that is encrypted where a passphrase is given, and is used with it', async () => {
    const here = await project();
    const env = { SECRET: 'a long passphrase' };
    const asked = ['cert', 'request', '--profile', 'approvers', '--key', 'keys/ann', '--new-key', 'ann.key', '--out', 'ann.json'];
    expect(await here.run([...asked, '--passphrase-env', 'SECRET'], { env })).toMatchObject({ status: 0 });
    expect(here.read('ann.key')).toMatch(/^-----BEGIN ENCRYPTED PRIVATE KEY-----/);
    await approve(here, 'bob', 'ann.json');
    await issue(here, 'ann.json', 'ann.bob.json');
    const hold = ['cert', 'hold', '--certificate', 'ann.pem', '--key', 'ann.key', '--profile', 'approvers'];
    expect(await here.run(hold)).toMatchObject({ status: 2, stderr: /encrypted/ });
    expect(await here.run([...hold, '--passphrase-env', 'SECRET'], { env })).toMatchObject({ status: 0 });
    const request = await here.asked();
    const held = ['approve', request, '--held', '.signwright/held/approvers', '--yes', '--passphrase-env', 'SECRET'];
    expect(await here.run(held, { env })).toMatchObject({ status: 0 });
  });

  test('is never written over a file or a key that is there', async () => {
    const here = await project();
    await ask(here, 'ann');
    expect(await ask(here, 'ann')).toMatchObject({ status: 2, stderr: /there is a file here already/ });
    const again = [
      'cert',
      'request',
      '--profile',
      'approvers',
      '--key',
      'keys/ann',
      '--new-key',
      'ann.key',
      '--out',
      'other.json',
    ];
    expect(await here.run(again)).toMatchObject({ status: 2, stderr: /no key can be made at ann\.key/ });
  });
});
