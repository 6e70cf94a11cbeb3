import { rmSync } from 'node:fs';
import { createWorkspace, testKeys, trialPolicy, type Workspace } from '@signwright/testkit';
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

describe.concurrent('signwright doctor', () => {
  test('tries everything and says that all is well', async () => {
    const here = await workspace();
    const { status, stdout, stderr } = await here.run(['doctor']);
    expect([status, stderr]).toEqual([0, '']);
    for (const what of ['node', 'policy', 'enforcement', 'trust root', 'timestamps', 'evidence store', 'signer build'])
      expect(stdout).toContain(`ok    ${what}: `);
    expect(stdout).toContain('all is well');
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
      'signer build',
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
    ['no private key', release, (here: Workspace) => here.write('release.pub', pem), 'signer release', 'check the path'],
    [
      'a key that is not enforced yet',
      `${POLICY}notify: [{ webhook: https://x.example, on: [deny] }]\n`,
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
