import { createHash, createPublicKey, sign } from 'node:crypto';
import { truncateSync } from 'node:fs';
import { preAuthEncoding } from '@signwright/signing-core';
import { createWorkspace, testKeys, trialPolicy, type Workspace } from '@signwright/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROOT = ['--trusted-root', '.signwright/trial/trusted-root.json'];
const IDENTITY = 'https://trial.signwright.invalid/acme/app//trial@refs/heads/main';
const ISSUER = 'https://trial.signwright.invalid';
const WHO = ['--certificate-identity', IDENTITY, '--certificate-oidc-issuer', ISSUER, ...ROOT];
const BY_CERTIFICATE = 'dist/app.tgz.sigstore.json';
const BY_KEY = 'keyed/app.tgz.sigstore.json';
const DIGEST = `sha256:${createHash('sha256').update('app').digest('hex')}`;

let here: Workspace;
beforeAll(async () => {
  const policy = trialPolicy(
    '  - { match: "dist/**", tier: internal }\n  - { match: "keyed/**", tier: keyed }',
    '  keyed: { signatures: [release] }\n',
  );
  here = await createWorkspace({
    policy: policy.replace('signers:', 'signers:\n  release: { keys: [{ ref: release.pem, public-key: release.pub }] }'),
    files: { 'dist/app.tgz': 'app', 'keyed/app.tgz': 'app', 'other.tgz': 'other' },
  });
  const { privateKey, publicKey } = testKeys('p256', 'bundles');
  here.write('release.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }), 0o600);
  here.write('release.pub', publicKey.export({ type: 'spki', format: 'pem' }));
  here.write('stranger.pub', createPublicKey(testKeys('p256', 'stranger').privateKey).export({ type: 'spki', format: 'pem' }));
  expect(await here.run(['sign'])).toMatchObject({ status: 0 });
  const [part = Buffer.of()] = [...here.evidence().values()].filter((bytes) => bytes.includes('certificate'));
  here.write('part.json', part);
});
afterAll(() => here.remove());

const verify = (bundle: string, artifact: string, ...args: string[]): ReturnType<Workspace['run']> =>
  here.run(['bundle', 'verify', '--bundle', bundle, ...args, artifact]);

describe.concurrent('signwright bundle verify', () => {
  test.each([
    ['by its certificate', BY_CERTIFICATE, 'dist/app.tgz', WHO],
    ['by its digest, where the file is elsewhere', BY_CERTIFICATE, DIGEST, WHO],
    ['by a key', BY_KEY, 'keyed/app.tgz', ['--key', 'release.pub']],
    ['by a key, with its trusted time', BY_KEY, DIGEST, ['--key', 'release.pub', ...ROOT]],
    ['by a statement about it: the release part', 'part.json', 'dist/app.tgz', WHO],
  ])('says who signed a file: %s', async (_what, bundle, artifact, args) => {
    const { status, stdout, stderr } = await verify(bundle, artifact, ...args);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^verified: signed by (https:|the key )/);
    expect(stdout.includes('attests')).toBe(true);
  });

  test.each([
    ['another file', BY_CERTIFICATE, 'other.tgz', WHO, ''],
    ['another digest', BY_KEY, `sha256:${'a'.repeat(64)}`, ['--key', 'release.pub'], ''],
    ['a statement about another file', 'part.json', 'other.tgz', WHO, 'not about this artifact'],
    [
      'another identity',
      BY_CERTIFICATE,
      'dist/app.tgz',
      ['--certificate-identity', `${IDENTITY}2`, ...WHO.slice(2)],
      `is of ${IDENTITY}`,
    ],
    [
      'an identity that is a pattern',
      BY_CERTIFICATE,
      'dist/app.tgz',
      ['--certificate-identity', '.*', ...WHO.slice(2)],
      'not .*',
    ],
    [
      'another issuer',
      BY_CERTIFICATE,
      'dist/app.tgz',
      [...WHO.slice(0, 2), '--certificate-oidc-issuer', 'https://x.example', ...ROOT],
      'issuer is',
    ],
    ['another key', BY_KEY, 'keyed/app.tgz', ['--key', 'stranger.pub'], ''],
    ['a key where a certificate signed', BY_CERTIFICATE, 'dist/app.tgz', ['--key', 'release.pub'], 'carries a certificate'],
    ['a certificate where a key signed', BY_KEY, 'keyed/app.tgz', WHO, 'no --key is given'],
  ])('exits 1 and says why for %s', async (_what, bundle, artifact, args, says) => {
    const { status, stdout, stderr } = await verify(bundle, artifact, ...args);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^error: .{10}/);
    expect(stderr).toContain(says);
  });

  test.each([
    ['nobody who must have signed', []],
    ['an identity without an issuer', ['--certificate-identity', IDENTITY, ...ROOT]],
    ['an identity without a trusted root', WHO.slice(0, 4)],
    ['a key and an identity', ['--key', 'release.pub', ...WHO]],
    ['a key that is missing', ['--key', 'no.pub']],
    ['a key that is none', ['--key', 'other.tgz']],
    ['a private key', ['--key', 'release.pem']],
    ['a trusted root that is none', [...WHO.slice(0, 4), '--trusted-root', 'other.tgz']],
  ])('is a usage error with %s', async (_what, args) => {
    const { status, stdout, stderr } = await verify(BY_CERTIFICATE, 'dist/app.tgz', ...args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain('error: ');
    expect(stderr).not.toContain('defect');
  });

  test('takes the flags of a line for cosign, and what changes nothing here changes nothing', async () => {
    const flags = ['--use-signed-timestamps', '--insecure-ignore-tlog', '--insecure-ignore-sct'];
    const plain = await verify(BY_CERTIFICATE, 'dist/app.tgz', ...WHO);
    expect(await verify(BY_CERTIFICATE, 'dist/app.tgz', ...WHO, ...flags)).toEqual(plain);
    expect(await verify(BY_CERTIFICATE, 'other.tgz', ...WHO, ...flags)).toMatchObject({ status: 1, stdout: '' });
  });

  test.each([
    ['a statement', 'application/vnd.in-toto+json', 0],
    ['what only looks like one', 'text/plain', 1],
    ['what only is called so', 'text/plain; application/vnd.in-toto+json', 1],
  ])('of an envelope with %s (%s), exits %i', async (what, payloadType, exit) => {
    const payload = Buffer.from(
      JSON.stringify({
        _type: 'https://in-toto.io/Statement/v1',
        subject: [{ name: 'app.tgz', digest: { sha256: DIGEST.slice('sha256:'.length) } }],
        predicateType: 'https://example.com/x',
        predicate: {},
      }),
    );
    const { privateKey } = testKeys('p256', 'bundles');
    const sig = sign('sha256', preAuthEncoding(payloadType, payload), privateKey).toString('base64');
    const envelope = { payload: payload.toString('base64'), payloadType, signatures: [{ sig }] };
    const name = `envelope-${what.replaceAll(' ', '-')}.json`;
    here.write(
      name,
      JSON.stringify({
        ...(JSON.parse(here.read(BY_KEY)) as object),
        messageSignature: undefined,
        dsseEnvelope: envelope,
        verificationMaterial: { publicKey: { hint: '' } },
      }),
    );
    const { status, stderr } = await verify(name, 'dist/app.tgz', '--key', 'release.pub');
    expect([status, stderr.includes('no statement about an artifact')]).toEqual([exit, exit === 1]);
    const show = await here.run(['bundle', 'show', name]);
    expect(JSON.parse(show.stdout)).toMatchObject({ payloadType, ...(exit === 0 ? { statement: {} } : {}) });
    expect(show.stdout.includes('predicateType')).toBe(exit === 0);
  });

  test.each(['no/such.tgz', 'sha256:abc', 'dist', 'sha512:00'])('is a usage error with the artifact %s', async (artifact) => {
    const { status, stdout, stderr } = await verify(BY_CERTIFICATE, artifact, ...WHO);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain('error: ');
    expect(stderr).not.toContain('defect');
  });
});

describe.concurrent('a bundle that is none', () => {
  const bundle = (): Record<string, unknown> => JSON.parse(here.read(BY_CERTIFICATE)) as Record<string, unknown>;
  test.each([
    ['truncated', () => here.read(BY_CERTIFICATE).slice(0, 400)],
    ['of a later version', () => JSON.stringify({ ...bundle(), mediaType: 'application/vnd.dev.sigstore.bundle.v9+json' })],
    ['of an unknown shape', () => JSON.stringify({ ...bundle(), surprise: 1 })],
    ['with two contents', () => JSON.stringify({ ...bundle(), dsseEnvelope: JSON.parse(here.read('part.json')).dsseEnvelope })],
    ['with a key twice', () => here.read(BY_CERTIFICATE).replace('{', '{"mediaType":"x",')],
    ['empty', () => ''],
  ])('is refused by verify and show: %s', async (what, make) => {
    const name = `broken-${what.replaceAll(' ', '-')}.json`;
    here.write(name, make());
    for (const { status, stdout, stderr } of [
      await verify(name, 'dist/app.tgz', ...WHO),
      await here.run(['bundle', 'show', name]),
    ]) {
      expect([1, 2]).toContain(status);
      expect(stdout).toBe('');
      expect(stderr).toContain(name);
      expect(stderr).not.toContain('defect');
    }
  });

  test('is refused before it is read where it is huge', async () => {
    here.write('huge.json', '{');
    truncateSync(here.path('huge.json'), 8 * 1024 ** 3);
    const { status, stdout, stderr } = await verify('huge.json', 'dist/app.tgz', ...WHO);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain('larger than');
  });

  test('with a signature of one bit less', async () => {
    const broken = bundle() as { messageSignature: { signature: string } };
    const signature = Buffer.from(broken.messageSignature.signature, 'base64');
    signature[signature.length - 1] = (signature.at(-1) ?? 0) ^ 1;
    broken.messageSignature.signature = signature.toString('base64');
    here.write('bit.json', JSON.stringify(broken));
    const { status, stdout } = await verify('bit.json', 'dist/app.tgz', ...WHO);
    expect([status, stdout]).toEqual([1, '']);
  });
});

describe.concurrent('signwright bundle show', () => {
  test('says what a file signature states, and that nothing was verified', async () => {
    const { status, stdout } = await here.run(['bundle', 'show', BY_CERTIFICATE]);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      verified: false,
      signs: 'a file',
      digest: DIGEST,
      signer: { san: IDENTITY, issuer: ISSUER },
      timestamps: 1,
    });
  });

  test('says what a release part states', async () => {
    const { status, stdout } = await here.run(['bundle', 'show', 'part.json']);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      verified: false,
      signs: 'an envelope',
      statement: { predicateType: 'https://signwright.dev/release/v1' },
    });
  });

  test('shows the hint of a key', async () => {
    const { stdout } = await here.run(['bundle', 'show', BY_KEY]);
    expect((JSON.parse(stdout) as { signer: { keyHint: string } }).signer.keyHint).toMatch(/^[\w+/]{43}=$/);
  });
});
