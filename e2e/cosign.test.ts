import { expect, it } from 'vitest';
import { describePeer, peer } from './peers.ts';
import {
  BY_CERTIFICATE,
  BY_KEY,
  createTrial,
  evidencePaths,
  policyOf,
  runPeer,
  TRIAL_IDENTITY,
  TRIAL_ISSUER,
  TRUST_ROOT,
} from './scenario.ts';

const BY_IDENTITY = [
  '--trusted-root',
  TRUST_ROOT,
  '--certificate-identity',
  TRIAL_IDENTITY,
  '--certificate-oidc-issuer',
  TRIAL_ISSUER,
  '--use-signed-timestamps',
  '--insecure-ignore-tlog',
  '--insecure-ignore-sct',
];
const BY_PUBLIC_KEY = ['--key', 'key.pub', '--insecure-ignore-tlog'];
const BY_PUBLIC_KEY_AND_TIME = [...BY_PUBLIC_KEY, '--use-signed-timestamps', '--trusted-root', TRUST_ROOT];
const RELEASE = 'https://signwright.dev/release/v1';
const NO_SERVICES = JSON.stringify({ mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json' });

describePeer('cosign', 'what we sign verifies with cosign', () => {
  it('a file signed by certificate, with its timestamp', async () => {
    const at = await createTrial(BY_CERTIFICATE);
    expect(await at.run(['sign'])).toMatchObject({ status: 0 });
    const verify = ['verify-blob', '--bundle', 'dist/app.tgz.sigstore.json', ...BY_IDENTITY, 'dist/app.tgz'];
    expect(await runPeer(at, peer('cosign'), verify)).toMatchObject({ status: 0 });
    at.write('dist/app.tgz', 'what a build left, changed\n');
    expect((await runPeer(at, peer('cosign'), verify)).status).not.toBe(0);
  });

  it.each([
    ['by key alone', BY_PUBLIC_KEY],
    ['by key and timestamp', BY_PUBLIC_KEY_AND_TIME],
  ])('a file signed %s', async (_, flags) => {
    const at = await createTrial(BY_KEY);
    expect(await at.run(['sign'])).toMatchObject({ status: 0 });
    const verify = ['verify-blob', '--bundle', 'dist/app.tgz.sigstore.json', ...flags, 'dist/app.tgz'];
    expect(await runPeer(at, peer('cosign'), verify)).toMatchObject({ status: 0 });
    at.write('dist/app.tgz', 'what a build left, changed\n');
    expect((await runPeer(at, peer('cosign'), verify)).status).not.toBe(0);
  });

  it.each([
    ['by certificate', BY_CERTIFICATE, BY_IDENTITY],
    ['by key', BY_KEY, BY_PUBLIC_KEY_AND_TIME],
  ])('the release part signed %s, for each artifact in it and for no other', async (_, signer, flags) => {
    const at = await createTrial(signer);
    at.write('dist/other.tgz', 'another artifact of the same run\n');
    expect(await at.run(['sign', '--no-sidecars'])).toMatchObject({ status: 0 });
    const [part, ...more] = evidencePaths(at);
    expect(more).toEqual([]);
    const verify = ['verify-blob-attestation', '--bundle', part as string, '--type', RELEASE, ...flags];
    for (const file of ['dist/app.tgz', 'dist/other.tgz']) {
      expect(await runPeer(at, peer('cosign'), [...verify, file])).toMatchObject({ status: 0 });
    }
    at.write('dist/stranger.tgz', 'signed by nobody\n');
    expect((await runPeer(at, peer('cosign'), [...verify, 'dist/stranger.tgz'])).status).not.toBe(0);
  });

  it('the manifest of a release, for each artifact in it and for no other, and never as a part', async () => {
    const at = await createTrial(BY_CERTIFICATE);
    at.write('signwright.yaml', `${at.read('signwright.yaml')}releases: { by: build }\n`);
    at.write('dist/other.tgz', 'of another pipeline\n');
    at.write('release.yaml', 'version: 1\nparts: [{ signer: build, artifacts: ["dist/*"] }]\n');
    for (const file of ['dist/app.tgz', 'dist/other.tgz'])
      expect(await at.run(['sign', '--no-sidecars', '--release', 'app@1.0', file])).toMatchObject({ status: 0 });
    const close = await at.run(['release', 'close', 'app@1.0', '--expect', 'release.yaml', '--output', 'json']);
    const hex = (JSON.parse(close.stdout) as { closed: { manifest: string } }).closed.manifest.slice('sha256:'.length);
    const bundle = at.path(`.signwright/evidence/evidence/${hex.slice(0, 2)}/${hex.slice(2)}`);
    const verify = (type: string, file: string) =>
      runPeer(at, peer('cosign'), ['verify-blob-attestation', '--bundle', bundle, '--type', type, ...BY_IDENTITY, file]);
    for (const file of ['dist/app.tgz', 'dist/other.tgz'])
      expect(await verify('https://signwright.dev/release-manifest/v1', file)).toMatchObject({ status: 0 });
    expect((await verify('https://signwright.dev/release-manifest/v1', 'release.yaml')).status).not.toBe(0);
    expect((await verify(RELEASE, 'dist/app.tgz')).status).not.toBe(0);
  });

  it("with a key of cosign's own, encrypted", async () => {
    const at = await createTrial(BY_KEY);
    const password = { COSIGN_PASSWORD: 'a trial passphrase' };
    expect(await runPeer(at, peer('cosign'), ['generate-key-pair'], password)).toMatchObject({ status: 0 });
    at.write('signwright.yaml', policyOf('{ keys: [{ ref: cosign.key, public-key: cosign.pub }] }'));
    expect(
      await at.run(['sign', '--passphrase-env', 'TRIAL_PASSPHRASE'], { env: { TRIAL_PASSPHRASE: 'a trial passphrase' } }),
    ).toMatchObject({ status: 0 });
    const verify = [
      'verify-blob',
      '--bundle',
      'dist/app.tgz.sigstore.json',
      '--key',
      'cosign.pub',
      '--insecure-ignore-tlog',
      'dist/app.tgz',
    ];
    expect(await runPeer(at, peer('cosign'), verify)).toMatchObject({ status: 0 });
  });
});

describePeer('cosign', 'what cosign signs verifies with us', () => {
  const password = { COSIGN_PASSWORD: '' };

  it('a file, by key: this file and no other', async () => {
    const at = await createTrial(BY_KEY);
    at.write('services.json', NO_SERVICES);
    await runPeer(at, peer('cosign'), ['generate-key-pair'], password);
    const sign = [
      'sign-blob',
      '--key',
      'cosign.key',
      '--signing-config',
      'services.json',
      '--bundle',
      'b.json',
      '-y',
      'dist/app.tgz',
    ];
    expect(await runPeer(at, peer('cosign'), sign, password)).toMatchObject({ status: 0 });
    const verify = ['bundle', 'verify', '--bundle', 'b.json', '--key'];
    expect(await at.run([...verify, 'cosign.pub', 'dist/app.tgz'])).toMatchObject({ status: 0 });
    expect(await at.run([...verify, 'key.pub', 'dist/app.tgz'])).toMatchObject({ status: 1 });
    expect(await at.run([...verify, 'cosign.pub', 'key.pub'])).toMatchObject({ status: 1 });
  });

  it('an attestation, by key: about this file and no other', async () => {
    const at = await createTrial(BY_KEY);
    at.write('services.json', NO_SERVICES);
    at.write('predicate.json', '{"checked":true}');
    await runPeer(at, peer('cosign'), ['generate-key-pair'], password);
    const attest = ['attest-blob', '--key', 'cosign.key', '--signing-config', 'services.json', '--bundle', 'b.json'];
    const about = ['--predicate', 'predicate.json', '--type', 'https://example.com/check/v1', '-y', 'dist/app.tgz'];
    expect(await runPeer(at, peer('cosign'), [...attest, ...about], password)).toMatchObject({ status: 0 });
    const verify = ['bundle', 'verify', '--bundle', 'b.json', '--key', 'cosign.pub'];
    expect(await at.run([...verify, 'dist/app.tgz'])).toMatchObject({ status: 0 });
    expect(await at.run([...verify, 'key.pub'])).toMatchObject({ status: 1 });
  });
});
