import { createWorkspace, trialPolicy, type Workspace } from '@signwright/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const RULE = '  - { match: "dist/**", tier: internal }';
const IN_TIER = (line: string): string => trialPolicy(RULE).replace('signatures: [build] }', `signatures: [build], ${line} }`);
const AT_TOP = (line: string): string => `${trialPolicy(RULE)}${line}\n`;
const PEOPLE = `people: { lead: { ssh: [{ key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl" }] } }
roles: { security: [lead] }
`;

let here: Workspace;
beforeAll(async () => {
  here = await createWorkspace({ policy: trialPolicy(RULE), files: { 'dist/a.bin': 'a' } });
});
afterAll(() => here.remove());

describe.concurrent('a policy with a key that is not enforced yet', () => {
  test.each([
    ['tiers.internal.approvals', `${IN_TIER('approvals: [{ role: security }], audit: best-effort')}${PEOPLE}`],
    ['tiers.internal.windows', IN_TIER('windows: [{ days: mon-thu, from: "08:00", to: "16:00", timezone: Europe/Stockholm }]')],
    ['tiers.internal.retain', IN_TIER('retain: 7y')],
    ['audit', AT_TOP('audit: { log: log, key: log.pem }')],
    ['notify', AT_TOP('notify: [{ webhook: https://hooks.acme.example/x, secret-env: SECRET, on: [deny] }]')],
    ['evidence.store', AT_TOP('evidence: { store: s3://acme }')],
    ['trust.revocation', trialPolicy(RULE).replace('trust: { ', 'trust: { revocation: { mode: require, max-age: 4h }, ')],
    [
      'artifacts[0].vendor',
      trialPolicy('  - { match: "dist/**", vendor: nginx }\n  - { match: "other/**", tier: internal }').replace(
        'signers:',
        'identities: { nginx: { issuer: https://trial.signwright.invalid, subject: x, root: .signwright/trial/trusted-root.json } }\nsigners:',
      ),
    ],
  ])('%s: sign and verify refuse to run, naming it and its place; plan and explain still work', async (key, policy) => {
    const file = `${key.replaceAll(/[^a-z]/g, '-')}.yaml`;
    here.write(file, policy);
    const check = await here.run(['policy', 'check', file]);
    expect(check.stderr).toBe('');
    expect(check.status).toBe(0);
    for (const command of ['sign', 'verify']) {
      const { status, stdout, stderr } = await here.run([command, 'dist', '--policy', file]);
      expect([status, stdout], command).toEqual([2, '']);
      expect(stderr, command).toContain('this version does not enforce');
      expect(stderr, command).toContain(key);
      expect(stderr, command).toMatch(new RegExp(`${file.replaceAll('.', '\\.')}:\\d+:\\d+`));
    }
    const plan = await here.run(['plan', 'dist', '--policy', file]);
    expect([plan.status, plan.stderr]).toEqual([0, '']);
    expect(await here.run(['policy', 'explain', 'dist/a.bin', '--policy', file])).toMatchObject({ status: 0 });
    expect(here.has('.signwright/evidence')).toBe(false);
  });
});

describe.concurrent('signwright policy', () => {
  test('check prints the digest an anchor pins, and every problem with its place and the nearest word', async () => {
    expect((await here.run(['policy', 'check'])).stdout).toMatch(/policy digest sha256:[0-9a-f]{64}/);
    here.write('broken.yaml', trialPolicy(RULE).replace('signatures:', 'signature:').replace('version: 1', 'version: 9'));
    const { status, stdout, stderr } = await here.run(['policy', 'check', 'broken.yaml']);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/broken\.yaml:1:\d+: version/);
    expect(stderr).toContain('signatures');
    expect(stderr.match(/broken\.yaml:\d+:\d+/g)?.length).toBeGreaterThan(1);
  });

  test('explain says which rule and tier an artifact falls under, and what is demanded', async () => {
    const { status, stdout } = await here.run(['policy', 'explain', 'dist/a.tgz']);
    expect(status).toBe(0);
    for (const part of ['dist/**', 'tier internal (signwright.yaml:8:', 'signature:build', 'requirements digest sha256:'])
      expect(stdout).toContain(part);
    expect(await here.run(['policy', 'explain', 'other.tgz'])).toMatchObject({ status: 1 });
    const kind = await here.run(['policy', 'explain', 'dist/a.tgz', '--kind', 'pakage']);
    expect([kind.status, kind.stdout]).toEqual([2, '']);
    expect(kind.stderr).toContain('package');
  });

  test('schema prints a JSON Schema', async () => {
    const { status, stdout } = await here.run(['policy', 'schema']);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema' });
  });

  test('a local policy builds on a central one by its digest, and only adds', async () => {
    const signer = 'signers:\n  second: { certificate: { trial: .signwright/trial }, workloads: [ci] }';
    const base = trialPolicy(RULE, '  two: { signatures: [build, second] }\n').replace('signers:', signer);
    here.write('central.yaml', base);
    const { stdout } = await here.run(['policy', 'check', 'central.yaml']);
    const sha256 = /policy digest sha256:([0-9a-f]{64})/.exec(stdout)?.[1] ?? '';
    const local = (digest: string): string =>
      `version: 1\nextends: { file: central.yaml, sha256: ${digest} }\nartifacts: [{ match: "dist/**", tier: two }]\n`;
    here.write('local.yaml', local(sha256));
    expect((await here.run(['policy', 'check', 'local.yaml'])).stderr).toBe('');
    const explain = await here.run(['policy', 'explain', 'dist/a.bin', '--policy', 'local.yaml']);
    expect(explain.stdout).toContain('signature:second');
    expect(explain.stdout).toContain('signature:build');

    here.write('stale.yaml', local('a'.repeat(64)));
    const stale = await here.run(['plan', 'dist', '--policy', 'stale.yaml']);
    expect([stale.status, stale.stdout]).toEqual([2, '']);
    expect(stale.stderr).toContain('central.yaml');
  });
});
