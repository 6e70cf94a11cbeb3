import { createPublicKey, type KeyObject } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { createWorkspace, type TestKeyType, testKeys, type Workspace } from '@signwright/testkit';
import { afterAll, describe, expect, test } from 'vitest';

const PASSPHRASE = 'correct horse battery staple';
const made: Workspace[] = [];
afterAll(() => {
  for (const workspace of made) workspace.remove();
});

/** A project whose only signer has this key in a file. */
async function project(key: KeyObject, { encrypted = false, dates = '', pinned = key } = {}): Promise<Workspace> {
  const policy = `version: 1
trust: { root: .signwright/trial/trusted-root.json, timestamp: { trial: .signwright/trial } }
environments: { default: { allow-development: true } }
signers: { release: { keys: [{ ref: keys/release.pem, public-key: keys/release.pub${dates} }] } }
tiers: { internal: { signatures: [release] } }
artifacts: [{ match: "dist/**", tier: internal }]
`;
  const workspace = await createWorkspace({ policy, files: { 'dist/a.bin': 'a' } });
  made.push(workspace);
  const cipher = encrypted ? { cipher: 'aes-256-cbc', passphrase: PASSPHRASE } : {};
  workspace.write('keys/release.pem', key.export({ type: 'pkcs8', format: 'pem', ...cipher }), 0o600);
  workspace.write('keys/release.pub', createPublicKey(pinned).export({ type: 'spki', format: 'pem' }));
  return workspace;
}

function nothingWritten(here: Workspace): void {
  expect(here.has('.signwright/evidence')).toBe(false);
  expect(here.files('dist')).toEqual(['a.bin']);
}

describe.concurrent('signing with a key in a file', () => {
  test.each(['p256', 'p384', 'rsa2048'] satisfies TestKeyType[])(
    '%s signs, and verifies with the pinned public key alone',
    async (type) => {
      const here = await project(testKeys(type).privateKey);
      expect(await here.run(['sign'])).toMatchObject({ status: 0 });
      const beside = ['--bundle', 'dist/a.bin.sigstore.json', '--key', 'keys/release.pub', 'dist/a.bin'];
      expect(await here.run(['bundle', 'verify', ...beside])).toMatchObject({ status: 0 });
      chmodSync(here.path('keys/release.pem'), 0);
      here.write('keys/release.pem', 'gone');
      const verify = await here.run(['verify', '--output', 'json']);
      expect(verify.status).toBe(0);
      expect(verify.stdout).toContain('a key proves the key, not the job');
    },
  );

  test('an Ed25519 key is refused beside files, by its name and before anything is signed; --no-sidecars works', async () => {
    const here = await project(testKeys('ed25519').privateKey);
    const refused = await here.run(['sign']);
    expect([refused.status, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr).toContain('signer release has an Ed25519 key');
    expect(refused.stderr).toContain('--no-sidecars');
    nothingWritten(here);
    expect(await here.run(['sign', '--no-sidecars'])).toMatchObject({ status: 0 });
    expect(await here.run(['verify'])).toMatchObject({ status: 0 });
  });

  test.each(['rsa1024', 'p521', 'rsa-pss'] satisfies TestKeyType[])('%s is refused by its name', async (type) => {
    const here = await project(testKeys(type).privateKey);
    const { status, stdout, stderr } = await here.run(['sign']);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain('is not accepted');
    expect(stderr).toContain('signwright.yaml:4:');
    nothingWritten(here);
  });
});

describe.concurrent('an encrypted key', () => {
  const { privateKey } = testKeys('p256', 'encrypted');
  const secrets = [PASSPHRASE, ...privateKey.export({ type: 'pkcs8', format: 'pem' }).toString().split('\n').slice(1, -2)];

  test.each([
    ['an environment variable', ['--passphrase-env', 'KEY_WORD'], { env: { KEY_WORD: PASSPHRASE } }],
    ['a descriptor, which can be read but once', ['--passphrase-fd', '3'], { descriptor3: `${PASSPHRASE}\n` }],
  ])('opens with a passphrase from %s, and no secret appears in anything written', async (_from, args, options) => {
    const here = await project(privateKey, { encrypted: true });
    const sign = await here.run(['sign', ...args], options);
    expect(sign.status).toBe(0);
    expect(await here.run(['verify'])).toMatchObject({ status: 0 });
    expect(here.has('dist/a.bin.sigstore.json')).toBe(true);
    const doctor = await here.run(['doctor', ...args], options);
    expect(doctor.status).toBe(0);
    const written = [sign, doctor].flatMap(({ stdout, stderr }) => [stdout, stderr]);
    for (const bytes of here.evidence().values()) {
      const { dsseEnvelope } = JSON.parse(bytes.toString()) as { dsseEnvelope?: { payload: string } };
      written.push(bytes.toString(), Buffer.from(dsseEnvelope?.payload ?? '', 'base64').toString());
    }
    written.push(here.read('dist/a.bin.sigstore.json'));
    for (const secret of secrets) for (const text of written) expect(text).not.toContain(secret);
  });

  test.each([
    ['the wrong passphrase', ['--passphrase-env', 'KEY_WORD'], 'the passphrase is wrong'],
    ['a variable that is not set', ['--passphrase-env', 'OTHER'], 'the environment variable OTHER for the passphrase is not set'],
    ['a descriptor that is not open', ['--passphrase-fd', '9'], 'cannot be read from descriptor 9'],
    ['no passphrase', [], '--passphrase-env NAME'],
    ['no passphrase, naming whose key it is and where', [], /\/release\.pem: the private key of signer release is encrypted/],
    ['two places for it', ['--passphrase-env', 'KEY_WORD', '--passphrase-fd', '3'], 'comes from one place'],
    ['a descriptor that is no number', ['--passphrase-fd', 'three'], '--passphrase-fd 3'],
  ])('stays closed with %s, and says nothing of what was tried', async (_what, args, says) => {
    const here = await project(privateKey, { encrypted: true });
    const { status, stdout, stderr } = await here.run(['sign', ...args], { env: { KEY_WORD: 'hunter2-guess' } });
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(says);
    expect(stderr).not.toContain('hunter2-guess');
    expect(stderr).not.toContain('defect');
    nothingWritten(here);
  });
});

describe.concurrent('a key that cannot be used is refused, and nothing is written', () => {
  const { privateKey } = testKeys('p256', 'plain');

  test.each([
    ['that others can read', 'chmod 600', (here: Workspace) => chmodSync(here.path('keys/release.pem'), 0o640)],
    ['that is missing', 'check the path', (here: Workspace) => chmodSync(here.path('keys'), 0o700), 'keys/other.pem'],
    ['that is none', 'not a private key in PEM', (here: Workspace) => here.write('keys/release.pem', 'hello', 0o600)],
    [
      'that is the public one',
      'a public key',
      (here: Workspace) => here.write('keys/release.pem', here.read('keys/release.pub'), 0o600),
    ],
  ])('%s', async (_what, says, spoil, ref?: string) => {
    const here = await project(privateKey);
    spoil(here);
    if (ref !== undefined) here.write('signwright.yaml', here.read('signwright.yaml').replace('keys/release.pem', ref));
    const { status, stdout, stderr } = await here.run(['sign']);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(says);
    nothingWritten(here);
  });

  test('that does not belong to the pinned public key', async () => {
    const here = await project(privateKey, { pinned: testKeys('p256', 'other').privateKey });
    const { status, stderr } = await here.run(['sign']);
    expect(status).toBe(2);
    expect(stderr).toContain('does not belong to the public key the policy pins for signer release');
    expect(stderr).toContain('signwright.yaml:4:');
    nothingWritten(here);
  });

  test.each([
    ['that does not count yet', ', from: 2999-01-01'],
    ['that counts no more', ', until: 2020-01-01'],
    ['that is compromised', ', compromised-since: 2020-01-01'],
  ])('%s', async (_what, dates) => {
    const here = await project(privateKey, { dates });
    const { status, stderr } = await here.run(['sign']);
    expect(status).toBe(2);
    expect(stderr).toContain('signer release has no key that counts now');
    nothingWritten(here);
  });

  test.each([
    ['until', ', until: 2020-01-01', 'key-outside-validity'],
    ['from', ', from: 2999-01-01', 'key-outside-validity'],
    ['compromised-since', ', compromised-since: 2020-01-01', 'key-compromised'],
  ])('%s judges a signature by its trusted time', async (_what, dates, code) => {
    const here = await project(privateKey);
    expect(await here.run(['sign', '--no-sidecars'])).toMatchObject({ status: 0 });
    const policy = here.read('signwright.yaml');
    here.write('signwright.yaml', policy.replace('release.pub }', `release.pub${dates} }`));
    const verify = await here.run(['verify']);
    expect(verify.status).toBe(1);
    expect(verify.stdout).toContain(code);
    here.write('signwright.yaml', policy.replace('release.pub }', 'release.pub, from: 2020-01-01, until: 2999-01-01 }'));
    expect(await here.run(['verify'])).toMatchObject({ status: 0 });
  });
});
