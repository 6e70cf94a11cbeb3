import { X509Certificate } from 'node:crypto';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { change, derKey, inventoryOf, openJournal, readFacts } from '@signwright/certificates';
import { sha256 } from '@signwright/signing-core';
import { createDirectoryStore } from '@signwright/storage';
import { type CertificateWorkspace, certificateProjects, hasSshKeygen, startFakeAwsKms, testKeys } from '@signwright/testkit';
import { describe, expect, test } from 'vitest';

const project = certificateProjects();

const HELD = '.signwright/held/brief';
/** Its certificates live two minutes, one of which is over when they are issued: they are due 20 s later. */
const BRIEF = '    brief: { purpose: trials, authority: acme, validity: 2m, owner: build team, workloads: [job] }\n';
const entriesOf = async (here: CertificateWorkspace) =>
  inventoryOf((await openJournal(createDirectoryStore(here.path('.signwright/certificates'))).read()).events).entries;
const leafOf = (here: CertificateWorkspace): X509Certificate => new X509Certificate(here.read(`${HELD}/certificate.pem`));
const renewAll = (here: CertificateWorkspace, ...more: string[]) =>
  here.asJob(['cert', 'renew', '--all', '--jitter', '0s', ...more]);

async function due(): Promise<CertificateWorkspace> {
  const here = await project({ profiles: BRIEF });
  expect(await here.asJob(['cert', 'issue', '--profile', 'brief'])).toMatchObject({ status: 0 });
  await new Promise((resolve) => setTimeout(resolve, 22_000));
  return here;
}

describe.skipIf(!hasSshKeygen).concurrent('signwright cert renew', () => {
  test('does nothing where nothing is due', async () => {
    const here = await project();
    expect(await renewAll(here)).toMatchObject({
      status: 0,
      stdout: /nothing is held here, .*signwright cert issue --profile PROFILE/,
    });
    await here.asJob(['cert', 'issue', '--profile', 'ci']);
    const before = here.read('.signwright/held/ci/certificate.pem');
    expect(await renewAll(here)).toMatchObject({ status: 0, stdout: /the certificate here is not due/ });
    expect(here.read('.signwright/held/ci/certificate.pem')).toBe(before);
    expect(await here.asJob(['cert', 'renew'])).toMatchObject({ status: 2, stderr: /which certificates\?/ });
  });

  test('renews after two thirds of its life, with a new key, and of two at once one alone', { timeout: 60_000 }, async () => {
    const here = await due();
    const before = leafOf(here);
    const both = await Promise.all([renewAll(here), renewAll(here)]);
    expect(both.map(({ status }) => status)).toEqual([0, 0]);
    const said = both.map(({ stdout }) => stdout).join('');
    expect(said.match(/brief: renewed until/g)).toHaveLength(1);
    const after = leafOf(here);
    expect(after.serialNumber).not.toBe(before.serialNumber);
    expect(after.publicKey.equals(before.publicKey)).toBe(false);
    expect(readdirSync(here.path(HELD)).sort()).toEqual(['.gitignore', 'certificate.pem', 'chain.pem', 'key']);
    const entries = await entriesOf(here);
    expect(entries).toHaveLength(2);
    expect(entries[1]?.renews).toBe(sha256(before.raw));
  });

  test('takes up what was issued before it was cut off, rather than have another issued', { timeout: 60_000 }, async () => {
    const here = await due();
    const old = Object.fromEntries(['certificate.pem', 'chain.pem', 'key'].map((name) => [name, here.read(`${HELD}/${name}`)]));
    expect((await renewAll(here)).stdout).toMatch(/renewed/);
    const next = leafOf(here);
    // As a kill leaves it between the issuing and the writing: the new key under its own name, all else as it was.
    const hex = Buffer.from(sha256(next.publicKey.export({ type: 'spki', format: 'der' })).slice(7), 'hex')
      .toString('hex')
      .slice(0, 16);
    here.write(`${HELD}/key.${hex}`, here.read(`${HELD}/key`), 0o600);
    for (const [name, text] of Object.entries(old)) here.write(`${HELD}/${name}`, text, 0o600);
    expect(await renewAll(here)).toMatchObject({ status: 0, stdout: /brief: renewed until/ });
    expect(leafOf(here).serialNumber).toBe(next.serialNumber);
    expect(await entriesOf(here)).toHaveLength(2);
    expect(readdirSync(here.path(HELD)).sort()).toEqual(['.gitignore', 'certificate.pem', 'chain.pem', 'key']);
  });

  test('exits with 3 where the issuer cannot be reached, and leaves what is held as it is', { timeout: 60_000 }, async () => {
    const here = await due();
    const before = here.read(`${HELD}/certificate.pem`);
    const env = here.job();
    await here.oidc.close();
    const { status, stderr } = await here.run(['cert', 'renew', '--all', '--jitter', '0s'], { env });
    expect(status).toBe(3);
    expect(stderr).toMatch(/brief: not renewed, and valid until/);
    expect(here.read(`${HELD}/certificate.pem`)).toBe(before);
  });
});

describe.skipIf(!hasSshKeygen)('a certificate of a key in a KMS', () => {
  test('is renewed for the same key, also where it was held elsewhere', { timeout: 60_000 }, async () => {
    const kms = await startFakeAwsKms();
    try {
      kms.setAlias('alias/nightly', kms.addKey(testKeys('p256', 'held in a KMS')));
      const here = await project({ profiles: BRIEF });
      const aws = { AWS_REGION: 'us-east-2', AWS_ACCESS_KEY_ID: 'AKIAPLANTEDPLANTED00', AWS_SECRET_ACCESS_KEY: 'planted' };
      const key = `awskms://${kms.host}/alias/nightly`;
      const issue = ['cert', 'issue', '--profile', 'brief', '--key', key];
      expect(await here.asJob(issue, {}, aws)).toMatchObject({ status: 0 });
      expect(here.read(`${HELD}/key-reference`)).toBe(`${key}\n`);
      const before = leafOf(here);
      rmSync(here.path(HELD), { recursive: true });
      await new Promise((resolve) => setTimeout(resolve, 22_000));
      const renewed = await here.asJob(['cert', 'renew', '--all', '--jitter', '0s'], {}, aws);
      expect(renewed).toMatchObject({ status: 0, stdout: /brief: renewed until/ });
      expect(leafOf(here).publicKey.equals(before.publicKey)).toBe(true);
      expect(leafOf(here).serialNumber).not.toBe(before.serialNumber);
      expect(readdirSync(here.path(HELD)).sort()).toEqual(['.gitignore', 'certificate.pem', 'chain.pem', 'key-reference']);
    } finally {
      await kms.close();
    }
  });
});

describe.skipIf(!hasSshKeygen).concurrent('a key reference that somebody put into the inventory', () => {
  test.each([
    'pkcs11:object=a?module-path=/tmp/library.so',
    'hashivault://a?address=https://elsewhere.example&login=jwt&role=ci',
  ])('is not followed to %s', { timeout: 60_000 }, async (reference) => {
    const here = await project({ profiles: BRIEF });
    await here.asJob(['cert', 'issue', '--profile', 'brief']);
    const leaf = leafOf(here);
    rmSync(here.path(HELD), { recursive: true });
    const journal = openJournal(createDirectoryStore(here.path('.signwright/certificates')));
    const event = {
      type: 'known',
      at: new Date().toISOString(),
      found: 'import',
      ...readFacts(leaf.raw, 'x'),
      keyReference: reference,
    } as const;
    await change(journal, () => ({ events: [event] }));
    await new Promise((resolve) => setTimeout(resolve, 22_000));
    const renewed = await here.asJob(['cert', 'renew', '--all', '--jitter', '0s']);
    expect(renewed).toMatchObject({ status: 1, stderr: /brief: not renewed.*which is for this machine to say: /s });
  });
});

describe.skipIf(!hasSshKeygen).concurrent('a held certificate', () => {
  test('that has expired, is for another key or is missing is named with the command that gets another', async () => {
    const here = await project({ files: { 'nightly/a.tgz': 'a' } });
    const sign = () => here.asJob(['sign', 'nightly', '--no-sidecars', '--environment', 'test']);
    expect(await sign()).toMatchObject({
      status: 2,
      stderr: /there is no certificate in .*held\/ci\n.*signwright cert issue --profile ci/,
    });
    await here.asJob(['cert', 'issue', '--profile', 'ci']);
    await here.asJob(['cert', 'issue', '--profile', 'ci', '--directory', 'other']);
    writeFileSync(here.path('.signwright/held/ci/key'), here.read('other/key'));
    expect(await sign()).toMatchObject({ status: 2, stderr: /is for another key than the one beside it/ });
    rmSync(here.path('.signwright/held/ci/key'));
    expect(await sign()).toMatchObject({ status: 2, stderr: /there is no key beside the certificate/ });
  });

  test('is not used outside of the pipelines that its signer is for', async () => {
    const here = await project({ files: { 'nightly/a.tgz': 'a' } });
    await here.asJob(['cert', 'issue', '--profile', 'ci']);
    expect(await here.run(['sign', 'nightly', '--no-sidecars', '--environment', 'test'])).toMatchObject({
      status: 1,
      stderr: /signer held is not for runs outside a CI/,
    });
  });

  test('is kept in the inventory, byte for byte', async () => {
    const here = await project();
    await here.asJob(['cert', 'issue', '--profile', 'ci']);
    const leaf = new X509Certificate(here.read('.signwright/held/ci/certificate.pem'));
    const blobs = createDirectoryStore(here.path('.signwright/certificates'));
    expect(Buffer.from((await blobs.get(derKey(leaf.raw)))?.bytes ?? '').equals(leaf.raw)).toBe(true);
  });
});
