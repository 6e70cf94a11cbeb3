import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { verifierKeyOf } from '@signwright/signing-core';
import { createWorkspace, testKeys, trialPolicy, type Workspace, whyNotUnprivileged } from '@signwright/testkit';
import { afterAll, describe, expect, test } from 'vitest';

const POLICY = trialPolicy('  - { match: "dist/**", tier: internal }');
const made: Workspace[] = [];
afterAll(() => {
  for (const workspace of made) workspace.remove();
});

async function workspace(policy = POLICY): Promise<Workspace> {
  const one = await createWorkspace({ policy });
  made.push(one);
  return one;
}

describe.skipIf(whyNotUnprivileged() !== undefined)(`as a user whom permissions bind ${whyNotUnprivileged() ?? ''}`, () => {
  test('names an evidence store that can be read only, also where it could be written before', async () => {
    const here = await workspace();
    execFileSync('chown', ['-R', '65534:65534', here.directory]);
    here.write('dist/a.bin', 'a');
    expect(await here.run(['doctor'], { unprivileged: true })).toMatchObject({ status: 0 });
    expect(await here.run(['sign', '--no-sidecars'], { unprivileged: true })).toMatchObject({ status: 0 });
    expect(await here.run(['doctor'], { unprivileged: true })).toMatchObject({ status: 0 });
    const before = here.files('.signwright/evidence');
    execFileSync('chmod', ['-R', 'a-w', here.path('.signwright/evidence')]);
    const { status, stdout } = await here.run(['doctor'], { unprivileged: true });
    execFileSync('chmod', ['-R', 'u+w', here.path('.signwright/evidence')]);
    expect(status).toBe(2);
    expect(stdout).toContain('FAIL  evidence store: ');
    expect(stdout).toContain('1 of these needs care');
    expect(here.files('.signwright/evidence')).toEqual(before);
  });
});

describe.concurrent('signwright doctor', () => {
  test('tries everything and says that all is well', async () => {
    const here = await workspace();
    const { status, stdout, stderr } = await here.run(['doctor']);
    expect([status, stderr]).toEqual([0, '']);
    for (const what of [
      'node',
      'policy',
      'enforcement',
      'trust root',
      'timestamps',
      'evidence store',
      'signer build, .signwright/trial',
    ])
      expect(stdout).toContain(`ok    ${what}: `);
    expect(stdout).toMatch(/trust root: 1 certificate authority, 1 timestamp authority; the first expires in \d+ days\n/);
    expect(stdout).toContain('all is well');
  });

  test('leaves nothing in the evidence store, and none where there was none', async () => {
    const here = await workspace();
    await here.run(['doctor', '--evidence', 'kept']);
    expect(here.has('kept')).toBe(false);
    here.write('kept/mine', '');
    expect(await here.run(['doctor', '--evidence', 'kept'])).toMatchObject({ status: 0 });
    expect(here.files('kept')).toEqual(['mine']);
  });

  test('says which directory has no trial trust domain', async () => {
    const here = await workspace(POLICY.replace('certificate: { trial: .signwright/trial }', 'certificate: { trial: other }'));
    const { status, stdout } = await here.run(['doctor']);
    expect(status).toBe(2);
    expect(stdout).toMatch(/FAIL {2}signer build, other: \/.*\/other: there is no trial trust domain/);
  });

  const release = trialPolicy('  - { match: "dist/**", tier: internal }').replace(
    'signers:',
    'signers:\n  release: { keys: [{ ref: release.pem, public-key: release.pub }] }',
  );
  const pem = testKeys('p256').publicKey.export({ type: 'spki', format: 'pem' });

  test.each([
    ['no policy', POLICY, (here: Workspace) => rmSync(here.path('signwright.yaml')), 'policy', 'signwright init'],
    [
      'no trial domain',
      POLICY,
      (here: Workspace) => rmSync(here.path('.signwright'), { recursive: true }),
      'policy',
      'signwright trust init --trial',
    ],
    [
      'trial keys that others can read',
      POLICY,
      (here: Workspace) => here.write('.signwright/trial/trial-ca.key', here.read('.signwright/trial/trial-ca.key'), 0o644),
      'signer build, .signwright/trial',
      'chmod 600',
    ],
    [
      'no timestamp authority',
      POLICY,
      (here: Workspace) => rmSync(here.path('.signwright/trial/trial-tsa.key')),
      'timestamps',
      'trust init --trial',
    ],
    [
      'an evidence store that is a file',
      POLICY,
      (here: Workspace) => here.write('.signwright/evidence', ''),
      'evidence store',
      'move that file',
    ],
    [
      'no private key',
      release,
      (here: Workspace) => here.write('release.pub', pem),
      'signer release, release.pem',
      'check the path',
    ],
    [
      'a key that is not enforced yet',
      `${POLICY}people: { ann: { certificate: { issuer: https://login.acme.example, subject: ann@acme.example } } }
roles: { legal: [ann] }
audit: { log: log, verifier-keys: ["${verifierKeyOf('log.acme.example', testKeys('ed25519').publicKey, 'log').text}"] }
`.replace('signatures: [build]', 'signatures: [build], approvals: [{ role: legal, document: record }], audit: best-effort'),
      () => '',
      'enforcement',
      'leave',
    ],
  ])('names %s with the next step, and exits 2', async (_what, policy, spoil, check, next) => {
    const here = await workspace(policy);
    spoil(here);
    const { status, stdout, stderr } = await here.run(['doctor']);
    expect([status, stderr]).toEqual([2, '']);
    const failure = stdout.slice(stdout.indexOf(`FAIL  ${check}: `));
    expect(failure, stdout).toContain(`FAIL  ${check}: `);
    expect(failure).toContain(next);
    expect(stdout).toMatch(/\d of these needs? care/);
  });
});
