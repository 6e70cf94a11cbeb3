import { createHash, sign } from 'node:crypto';
import { writeBundle } from '@signwright/signing-core';
import { createWorkspace, type TestAuthority, testAuthority, trialPolicy, type Workspace } from '@signwright/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const vendor = testAuthority();
const stranger = testAuthority();
const RULES = '  - { match: "vendor/**", vendor: nginx }\n  - { match: "dist/**", tier: internal }';
const policyWith = (subject: string): string =>
  trialPolicy(RULES).replace(
    'signers:',
    `identities: { nginx: { issuer: https://issuer.example, subject: "${subject}", root: trust/vendor.json } }\nsigners:`,
  );

/** A bundle over bytes, as a vendor publishes it beside a file. */
function bundle(content: string, by: TestAuthority): Buffer {
  const leaf = by.leaf();
  const signature = sign('sha256', Buffer.from(content), leaf.keys.privateKey);
  return writeBundle({
    content: { type: 'message', hash: 'sha256', digest: createHash('sha256').update(content).digest(), signature },
    key: { type: 'certificate', der: leaf.der },
    timestamps: [by.timestamp(signature)],
  });
}

let here: Workspace;
beforeAll(async () => {
  here = await createWorkspace({
    policy: policyWith('https://git.example/acme/*//ci.yml@refs/heads/*'),
    files: {
      'trust/vendor.json': vendor.trustedRoot(),
      'other.yaml': policyWith('https://git.example/other/*//ci.yml@refs/heads/*'),
      'vendor/nginx.tgz': 'nginx',
      'vendor/late.tgz': 'late',
      'vendor/forged.tgz': 'forged',
      'dist/app.tgz': 'app',
      'nginx.sigstore.json': bundle('nginx', vendor),
      'forged.sigstore.json': bundle('forged', stranger),
    },
  });
  const signed = await here.run(['sign', '--no-sidecars']);
  expect([signed.status, signed.stderr]).toEqual([
    0,
    expect.stringContaining('left out: 3 that the policy says are never signed here'),
  ]);
});
afterAll(() => here.remove());

describe('what a vendor signs', () => {
  test('is let through once its bundle is in the store, and by nothing before', async () => {
    const before = await here.run(['verify', 'vendor/nginx.tgz']);
    expect(before.status).toBe(1);
    expect(before.stdout).toContain('no signature by nginx was found');
    expect(before.stdout).toContain('signwright evidence add BUNDLE');

    const added = await here.run(['evidence', 'add', 'nginx.sigstore.json', '--output', 'json']);
    expect([added.status, added.stderr]).toEqual([0, '']);
    expect(JSON.parse(added.stdout)).toMatchObject({
      version: 1,
      added: [
        {
          file: 'nginx.sigstore.json',
          by: 'https://git.example/acme/app//ci.yml@refs/heads/main',
          about: [`sha256:${createHash('sha256').update('nginx').digest('hex')}`],
        },
      ],
    });
    const after = await here.run(['verify', 'vendor/nginx.tgz']);
    expect([after.status, after.stderr]).toEqual([0, '']);
    expect(after.stdout).toMatch(/vendor:nginx {2}met: signature-verified\n +signed by https:\/\/git\.example\/acme\/app/);
    expect(after.stdout).not.toContain('development: true');
    expect((await here.run(['verify', 'vendor/late.tgz'])).status).toBe(1);
  });

  test('is not let through by a signature of somebody else under the same root', async () => {
    const { status, stdout } = await here.run(['verify', 'vendor/nginx.tgz', '--policy', 'other.yaml']);
    expect(status).toBe(1);
    expect(stdout).toContain('identity-mismatch');
  });

  test('goes with the evidence that is copied elsewhere', async () => {
    expect((await here.run(['evidence', 'push', 'vendor/nginx.tgz', '--to', 'elsewhere'])).status).toBe(0);
    expect((await here.run(['verify', 'vendor/nginx.tgz', '--evidence', 'elsewhere'])).status).toBe(0);
  });

  test('is signed by nobody here', async () => {
    const { status, stderr } = await here.run(['sign', 'vendor/nginx.tgz']);
    expect(status).toBe(1);
    expect(stderr).toContain('vendor/nginx.tgz: nginx signs it, and we make none of its signatures');
    const plan = await here.run(['plan', 'vendor']);
    expect(plan.stdout).toContain('vendor:nginx');
    const explained = await here.run(['policy', 'explain', 'vendor/nginx.tgz']);
    expect(explained.stdout).toMatch(/vendor:nginx, asked by the rule \(signwright\.yaml:\d+:\d+\)/);
  });
});

test('a bundle that holds under no trust root of the policy is not added, and each root says why', async () => {
  const before = here.files('.signwright/evidence');
  const { status, stderr } = await here.run(['evidence', 'add', 'nginx.sigstore.json', 'forged.sigstore.json']);
  expect(status).toBe(1);
  expect(stderr).toContain('forged.sigstore.json');
  expect(stderr).toMatch(/\n +the policy's trust root: /);
  expect(stderr).toMatch(/\n +nginx: /);
  expect(here.files('.signwright/evidence')).toEqual(before);
  expect((await here.run(['verify', 'vendor/forged.tgz'])).status).toBe(1);
});
