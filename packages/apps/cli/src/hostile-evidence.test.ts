import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { createEvidenceStore } from '@signwright/evidence';
import type { Sha256 } from '@signwright/signing-core';
import { createDirectoryStore } from '@signwright/storage';
import { createWorkspace, testKeys, trialPolicy, type Workspace } from '@signwright/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const RELEASE = 'signers:\n  release: { keys: [{ ref: keys/release.pem, public-key: keys/release.pub }] }';
const TIERS = '  production: { extends: internal, signatures: [release] }\n';
const PACKAGES = '  - { kind: package, match: "dist/*.tgz", tier: production }';
const SBOMS = '  - { kind: sbom, match: "dist/*.cdx.json", tier: internal }';
const EVERYTHING = trialPolicy('  - { match: "**", tier: internal }').replace(
  'repository: "https://trial.signwright.invalid/acme/*"',
  'repository-id: "7"',
);
const APP = 'the package';
const made: Workspace[] = [];

let strict: Workspace;
beforeAll(async () => {
  strict = await workspace(strictPolicy(`${PACKAGES}\n${SBOMS}`));
});
afterAll(() => {
  for (const one of made) one.remove();
});

function strictPolicy(rules: string): string {
  return trialPolicy(rules, TIERS).replace('signers:', RELEASE);
}

async function workspace(policy: string): Promise<Workspace> {
  const { privateKey, publicKey } = testKeys('p256', 'release');
  const one = await createWorkspace({ policy, files: { 'dist/app.tgz': APP } });
  one.write('keys/release.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }), 0o600);
  one.write('keys/release.pub', publicKey.export({ type: 'spki', format: 'pem' }));
  made.push(one);
  return one;
}

/** Puts evidence where a verifier will find it, about the bytes of the package. */
async function plant(here: Workspace, store: string, evidence: Iterable<Uint8Array>): Promise<void> {
  const subject: Sha256 = `sha256:${createHash('sha256').update(APP).digest('hex')}`;
  const evidenceStore = createEvidenceStore(createDirectoryStore(here.path(store)));
  for (const bytes of evidence) await evidenceStore.put(bytes, [subject]);
}

/** Evidence that a job of some repository makes under a policy of its own. */
async function madeElsewhere(rules: string, repository: string, args: string[] = []): Promise<Iterable<Uint8Array>> {
  const there = await workspace(
    trialPolicy(rules).replace('repository: "https://trial.signwright.invalid/acme/*"', 'repository-id: "7"'),
  );
  there.write('.signwright/trial/identity.json', identity(repository));
  const digest = `sha256:${createHash('sha256').update(APP).digest('hex')}`;
  const sign = await there.run(['sign', '--no-sidecars', ...(args.length > 0 ? ['--digest', digest, ...args] : [])]);
  expect(sign.stderr).not.toContain('error');
  return there.evidence().values();
}

function identity(repository: string): string {
  const claims = { repository, repository_id: '7', ref: 'refs/heads/main', runner_environment: 'self-hosted', trigger: 'push' };
  return JSON.stringify(claims);
}

const OURS = 'https://trial.signwright.invalid/acme/app';

describe.concurrent('a part by a job that may sign, but that lies about what it signs', () => {
  const lies = [
    ['calls the package an SBOM', '  - { kind: sbom, match: "dist/**", tier: internal }', []],
    ['calls it by the name of an SBOM', '  - { match: "dist/**", tier: internal }', ['--name', 'dist/app.cdx.json']],
  ] as const;
  const orders = [
    ['packages first', `${PACKAGES}\n${SBOMS}`],
    ['SBOMs first', `${SBOMS}\n${PACKAGES}`],
    ['packages first, told apart by kind alone', `${PACKAGES}\n  - { kind: sbom, match: "dist/**", tier: internal }`],
  ] as const;

  test.each(lies.flatMap(([lie, rules, args]) => orders.map(([order, policy]) => [lie, order, rules, args, policy] as const)))(
    '%s: the stricter rule wins (%s)',
    async (_lie, _order, rules, args, policy) => {
      const here = await workspace(strictPolicy(policy));
      await plant(here, '.signwright/evidence', await madeElsewhere(rules, OURS, [...args]));
      const { status, stdout } = await here.run(['verify', 'dist/app.tgz']);
      expect(status).toBe(1);
      expect(stdout).toContain('signature:release');
      expect(await here.run(['sign', '--signer', 'release', '--no-sidecars'])).toMatchObject({ status: 0 });
      expect((await here.run(['verify', 'dist/app.tgz'])).status).toBe(1);
      expect(await here.run(['sign', '--no-sidecars'])).toMatchObject({ status: 0 });
      expect((await here.run(['verify', 'dist/app.tgz'])).status).toBe(0);
    },
  );

  test('takes nothing away from a valid one beside it', async () => {
    const here = await workspace(strictPolicy(`${PACKAGES}\n${SBOMS}`));
    expect(await here.run(['sign', '--no-sidecars'])).toMatchObject({ status: 0 });
    for (const [, rules, args] of lies) await plant(here, '.signwright/evidence', await madeElsewhere(rules, OURS, [...args]));
    await plant(
      here,
      '.signwright/evidence',
      await madeElsewhere('  - { match: "**", tier: internal }', OURS, ['--name', 'never/listed']),
    );
    expect(await here.run(['verify'])).toMatchObject({ status: 0 });
  });
});

describe.concurrent('an identity that only looks like the one the policy names', () => {
  test.each([
    ['a repository whose path begins the same', 'https://trial.signwright.invalid/acme-evil/app'],
    ['another case', 'https://trial.signwright.invalid/Acme/app'],
    ['one level deeper', 'https://trial.signwright.invalid/acme/app/fork'],
    ['one level higher', 'https://trial.signwright.invalid/acme'],
    ['another host', 'https://trial.signwright.invalid.evil.example/acme/app'],
    ['a path that climbs', 'https://trial.signwright.invalid/acme/..'],
  ])('is refused: %s', async (_what, repository) => {
    const store = `evidence-${createHash('sha256').update(repository).digest('hex').slice(0, 8)}`;
    await plant(strict, store, await madeElsewhere('  - { match: "**", tier: internal }', repository));
    const { status, stdout } = await strict.run(['verify', 'dist/app.tgz', '--evidence', store]);
    expect(status).toBe(1);
    expect(stdout).toContain('identity-mismatch');
    expect(stdout).toContain(`repository is "${repository}", not "https://trial.signwright.invalid/acme/*"`);
  });

  test.each([
    ['a trailing newline', `${OURS}\n`],
    ['a NUL', `${OURS}\0evil`],
    ['a NUL at the end', `${OURS}\0`],
  ])('gets no certificate with %s', async (_what, repository) => {
    const there = await workspace(EVERYTHING);
    there.write('.signwright/trial/identity.json', identity(repository));
    const { status, stdout, stderr } = await there.run(['sign', 'dist']);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain('repository is not plain text');
    expect(there.has('.signwright/evidence')).toBe(false);
  });

  test('may not sign as ours: nothing is written', async () => {
    const there = await workspace(strictPolicy(`${PACKAGES}\n${SBOMS}`));
    there.write('.signwright/trial/identity.json', identity('https://trial.signwright.invalid/acme-evil/app'));
    const { status, stdout, stderr } = await there.run(['sign']);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain('this run may not sign as build');
    expect(there.has('.signwright/evidence')).toBe(false);
    expect(there.files('dist')).toEqual(['app.tgz']);
  });
});

describe.concurrent('evidence that is none', () => {
  const planted = async (store: string, evidence: Iterable<Uint8Array>): ReturnType<Workspace['run']> => {
    await plant(strict, store, evidence);
    return strict.run(['verify', 'dist/app.tgz', '--evidence', store]);
  };

  test.each([
    ['not JSON', 'not-json', 'hello'],
    ['JSON that is no bundle', 'no-bundle', '{"mediaType":"application/json"}'],
    ['empty', 'empty', ''],
    ['nested without end', 'nested', '['.repeat(100_000)],
    ['with a key twice', 'twice', '{"mediaType":"x","mediaType":"y"}'],
  ])('is refused with its reason and denies: %s', async (_what, store, content) => {
    const { status, stdout, stderr } = await planted(store, [Buffer.from(content)]);
    expect([status, stderr]).toEqual([1, '']);
    expect(stdout).toContain('(malformed)');
    expect(stdout).toContain('the evidence');
  });

  test('by a key that no signer lists', async () => {
    const { privateKey, publicKey } = testKeys('p256', 'stranger');
    const there = await workspace(strictPolicy(`${PACKAGES}\n${SBOMS}`));
    there.write('keys/release.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }), 0o600);
    there.write('keys/release.pub', publicKey.export({ type: 'spki', format: 'pem' }));
    expect(await there.run(['sign', '--signer', 'release', '--no-sidecars'])).toMatchObject({ status: 0 });
    const { status, stdout } = await planted('stranger', there.evidence().values());
    expect(status).toBe(1);
    expect(stdout).toContain('key-not-listed');
  });

  test('that was changed by one bit', async () => {
    const [bytes] = [...(await madeElsewhere('  - { match: "**", tier: internal }', OURS))];
    const bundle = JSON.parse(Buffer.from(bytes ?? []).toString()) as { dsseEnvelope: { payload: string } };
    const payload = Buffer.from(bundle.dsseEnvelope.payload, 'base64').toString().replace('internal', 'external');
    bundle.dsseEnvelope.payload = Buffer.from(payload.replace('"file"', '"sbom"').replace('"package"', '"sbom"')).toString(
      'base64',
    );
    const { status, stdout } = await planted('changed', [Buffer.from(JSON.stringify(bundle))]);
    expect(status).toBe(1);
    expect(stdout).toContain('bad-signature');
  });

  test('a statement that is no release part, such as a file signature beside a file', async () => {
    const there = await workspace(EVERYTHING);
    there.write('.signwright/trial/identity.json', identity(OURS));
    expect(await there.run(['sign', 'dist'])).toMatchObject({ status: 0 });
    const { status, stdout } = await planted('sidecar', [Buffer.from(there.read('dist/app.tgz.sigstore.json'))]);
    expect(status).toBe(1);
    expect(stdout).toContain('refused sha256:');
  });
});

describe.concurrent('a damaged evidence store is inconclusive, never an allow', () => {
  const signed = async (): Promise<{ here: Workspace; evidence: string }> => {
    const here = await workspace(trialPolicy('  - { match: "dist/**", tier: internal }'));
    expect(await here.run(['sign', '--no-sidecars'])).toMatchObject({ status: 0 });
    const [bundle = ''] = here.evidence().keys();
    return { here, evidence: here.path(`.signwright/evidence/evidence/${bundle.slice(0, 2)}/${bundle.slice(2)}`) };
  };

  test.each([
    ['other bytes', 'came back as other bytes', (file: string) => writeFileSync(file, '{}')],
    ['no bytes at all', 'is not there', (file: string) => rmSync(file)],
    ['a pipe', 'not a regular file', (file: string) => replaceByPipe(file)],
  ])('where its evidence is %s; signing anew mends it', async (_what, says, spoil) => {
    const { here, evidence } = await signed();
    spoil(evidence);
    const { status, stdout } = await here.run(['verify']);
    expect(status).toBe(3);
    expect(stdout).toContain('inconclusive: evidence-unreachable');
    expect(stdout).toContain(says);
    expect(stdout).toContain('→ bring the evidence');
    const sign = await here.run(['sign', '--no-sidecars']);
    expect(sign.status).toBe(0);
    expect(sign.stderr).toContain(says);
    expect((await here.run(['verify'])).status).toBe(0);
  });

  test('where its index is none: nothing is signed on top', async () => {
    const { here } = await signed();
    for (const name of here.files('.signwright/evidence/index'))
      if (!name.endsWith('.head')) here.write(`.signwright/evidence/index/${name}`, 'not an index\n');
    const verify = await here.run(['verify', '--output', 'json']);
    expect(verify.status).toBe(3);
    expect(JSON.parse(verify.stdout)).toMatchObject({ result: 'inconclusive' });
    const sign = await here.run(['sign', '--no-sidecars']);
    expect([sign.status, sign.stdout]).toEqual([3, '']);
    expect(sign.stderr).toContain('nothing was signed');
  });
});

function replaceByPipe(file: string): void {
  rmSync(file);
  execFileSync('mkfifo', [file]);
}
