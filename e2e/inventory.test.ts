import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listPkcs11Certificates } from '@signwright/signer-pkcs11';
import { parseTokenReference } from '@signwright/signing-core';
import { createWorkspace, testCertificate, trialPolicy, type Workspace } from '@signwright/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { certificateList } from './bench/certificate-list.ts';
import { describePeer, peer } from './peers.ts';
import { CREDENTIALS, s3Server } from './s3-server.ts';
import { runPeer } from './scenario.ts';
import { makeSoftHsm, type SoftHsm } from './softhsm.ts';

const policyWith = (inventory: string, signers = ''): string =>
  trialPolicy(
    '  - { match: "dist/**", tier: internal }',
    `certificates:
  inventory: ${inventory}
  authorities: { acme: { fulcio: https://fulcio.acme.example } }
  profiles: { ci: { purpose: ci, authority: acme, validity: 10m, owner: platform, workloads: [ci] } }
`,
  ).replace('signers:\n', `signers:\n${signers}`);

async function digestsOf(here: Workspace, env: Record<string, string> = {}): Promise<string[]> {
  const { status, stdout, stderr } = await here.run(['cert', 'list', '--output', 'json', '--no-usage'], { env });
  expect(status, stderr).toBe(0);
  return (JSON.parse(stdout) as { certificates: { digest: string }[] }).certificates.map(({ digest }) => digest).sort();
}

async function takesAndLists(inventory: string, env: Record<string, string>): Promise<void> {
  const here = await createWorkspace({ policy: policyWith(inventory), files: { 'list.csv': certificateList(1000) } });
  try {
    const first = await here.run(['cert', 'import', 'list.csv'], { env });
    expect(first, first.stderr).toMatchObject({ status: 0, stdout: /^1000 certificates taken/ });
    expect(await here.run(['cert', 'import', 'list.csv'], { env })).toMatchObject({
      status: 0,
      stdout: /1000 were known already/,
    });
    expect(await digestsOf(here, env)).toHaveLength(1000);
  } finally {
    here.remove();
  }
}

test('an inventory on a branch of a git repository', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'signwright-inventory-'));
  try {
    execFileSync('git', ['init', '--quiet', '--bare', join(directory, 'certificates.git')]);
    await takesAndLists(`"git+file://${directory}/certificates.git#inventory"`, {});
  } finally {
    rmSync(directory, { recursive: true });
  }
});

describePeer('minio', 'an inventory in a bucket', () => {
  const server = s3Server('minio');
  test('is taken into and listed', async () => {
    const bucket = await server.createBucket();
    const place = `s3://${bucket}/certificates?region=us-east-1&endpoint=${server.endpoint}&path-style=true`;
    await takesAndLists(`"${place}"`, CREDENTIALS);
  });
});

describePeer('strace', 'an import that is killed', () => {
  const COMMAND = fileURLToPath(new URL('../packages/apps/cli/bin/signwright.cjs', import.meta.url));

  test('at every write to the disk in turn is completed by the next one, and nothing is taken twice', async () => {
    const list = certificateList(800);
    const fresh = (): Promise<Workspace> => createWorkspace({ policy: policyWith('inventory'), files: { 'list.csv': list } });
    const whole = await fresh();
    expect(await whole.run(['cert', 'import', 'list.csv'])).toMatchObject({ status: 0 });
    const expected = await digestsOf(whole);
    expect(whole.files('inventory/journal').length).toBeGreaterThan(2);
    whole.remove();
    let killed = 0;
    for (const call of ['fsync', 'link', 'rename']) {
      for (let at = 1; at <= 20; at++) {
        const here = await fresh();
        try {
          const inject = [`trace=${call}`, '-e', `inject=${call}:signal=KILL:when=${at}`];
          const args = ['-f', '-qq', '-o', '/dev/null', '-e', ...inject, process.execPath, COMMAND, 'cert', 'import', 'list.csv'];
          const env = { UV_THREADPOOL_SIZE: '1', HOME: here.directory, CI: '' };
          const { status } = await runPeer(here, peer('strace'), args, env);
          if (status === 0) break;
          killed++;
          const again = await here.run(['cert', 'import', 'list.csv']);
          expect(again, `${call} ${at}: ${again.stderr}`).toMatchObject({ status: 0 });
          expect(await digestsOf(here), `${call} ${at}`).toEqual(expected);
        } finally {
          here.remove();
        }
      }
    }
    expect(killed).toBeGreaterThan(5);
  });
});

describePeer('softhsm2-util', 'certificates on a token', () => {
  const certified = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const pem = certified.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const publicKey = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();
  const { der } = testCertificate({ subject: 'a key', keys: certified, notAfter: new Date('2036-01-01T00:00:00Z') });
  const digest = `sha256:${new X509Certificate(der).fingerprint256.replaceAll(':', '').toLowerCase()}`;
  let hsm: SoftHsm;
  beforeAll(() => {
    hsm = makeSoftHsm([
      {
        label: 'release',
        keys: [
          { label: 'certified', id: '1a', type: 'p256', pem, certificate: der.toString('base64') },
          { label: 'bare', id: '1b', type: 'p256' },
        ],
      },
      { label: 'empty', keys: [] },
    ]);
    process.env['SOFTHSM2_CONF'] = hsm.configuration;
  });
  afterAll(() => {
    delete process.env['SOFTHSM2_CONF'];
    hsm.remove();
  });
  const listed = (path: string, environment = {}): ReturnType<typeof listPkcs11Certificates> =>
    listPkcs11Certificates(parseTokenReference(`pkcs11:${path}?module-path=${hsm.library}`), { environment });

  test('are listed by label and id, with the key that belongs to them', async () => {
    const key = { keyReference: 'pkcs11:token=release;id=%1a' };
    const pin = { SIGNWRIGHT_PKCS11_PIN: hsm.pin };
    for (const path of ['token=release', 'token=release;object=certified', 'token=release;id=%1a', 'token=release;type=cert'])
      expect(await listed(path, pin)).toEqual([{ der, label: 'certified', ...key }]);
    expect(await listed('token=release;object=bare', pin)).toEqual([]);
    expect(await listed('token=empty', pin)).toEqual([]);
    await expect(listed('token=nowhere')).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringMatching(/no such token/),
    });
  });

  test('are found once, and known by the keys the policy names', async () => {
    const reference = `pkcs11:token=release;object=certified?module-path=${hsm.library}`;
    const signers = `  release: { keys: [{ ref: "${reference}", public-key: keys/release.pub }], workloads: [ci] }\n`;
    const here = await createWorkspace({
      policy: policyWith('inventory', signers),
      files: { 'keys/release.pub': publicKey(certified.publicKey), 'one.der': der },
    });
    try {
      const env = { SOFTHSM2_CONF: hsm.configuration, SIGNWRIGHT_PKCS11_PIN: hsm.pin };
      expect(await here.run(['cert', 'import', 'one.der'])).toMatchObject({ status: 0 });
      const byKey = await here.run(['cert', 'find', '--kms', '--output', 'json'], { env });
      expect(byKey, byKey.stderr).toMatchObject({ status: 0 });
      expect(JSON.parse(byKey.stdout)).toMatchObject({ keys: { asked: 1, completed: 1 }, unread: [] });
      const find = ['cert', 'find', '--pkcs11', `pkcs11:token=release?module-path=${hsm.library}`, '--output', 'json'];
      const first = await here.run(find, { env });
      expect(first, first.stderr).toMatchObject({ status: 0 });
      expect(JSON.parse(first.stdout)).toMatchObject({ added: 0, completed: 1, known: 0 });
      expect(JSON.parse((await here.run(find, { env })).stdout)).toMatchObject({ added: 0, completed: 0, known: 1 });
      const shown = await here.run(['cert', 'show', digest, '--output', 'json']);
      expect(JSON.parse(shown.stdout)).toMatchObject({
        keyReference: reference,
        found: [{ in: 'import' }, { in: 'kms', place: reference }, { in: 'pkcs11', place: 'pkcs11:token=release' }],
      });
      const away = await here.run(['cert', 'find', '--kms'], { env: { SIGNWRIGHT_PKCS11_PIN: hsm.pin } });
      expect(away).toMatchObject({ status: 3, stderr: /of signer release could not be asked for/ });
    } finally {
      here.remove();
    }
  });
});

test('a hundred thousand certificates are taken, listed and exported in seconds', { timeout: 300_000 }, async () => {
  const here = await createWorkspace({ policy: policyWith('inventory'), files: { 'list.csv': certificateList(100_000) } });
  const seconds = async (...args: string[]): Promise<number> => {
    const begun = performance.now();
    const { status, stderr } = await here.run(['cert', ...args]);
    expect(status, stderr).toBe(0);
    return (performance.now() - begun) / 1000;
  };
  try {
    // Two to ten on an idle machine; this one may be at work.
    expect(await seconds('import', 'list.csv')).toBeLessThan(60);
    expect(await seconds('list', '--expires-within', '14d')).toBeLessThan(60);
    for (const format of ['csv', 'json', 'ocsf']) {
      expect(await seconds('export', '--format', format, '--out', `out.${format}`)).toBeLessThan(60);
      expect(here.read(`out.${format}`).match(/sha256:[0-9a-f]{64}"?,/g)?.length).toBeGreaterThanOrEqual(100_000);
    }
  } finally {
    here.remove();
  }
});
