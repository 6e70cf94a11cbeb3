import { createWorkspace, testKeys, trialPolicy, type Workspace } from '@signwright/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const RULE = '  - { match: "dist/**", tier: internal }';
const IN_TIER = (line: string): string => trialPolicy(RULE).replace('signatures: [build] }', `signatures: [build], ${line} }`);
const AT_TOP = (line: string): string => `${trialPolicy(RULE)}${line}\n`;
const PEOPLE = `people: { lead: { ssh: [{ key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl" }] } }
roles: { security: [lead] }
`;
const LOG = 'audit: { log: log, verifier-keys: ["log.acme.example+f5bab158+AYOXouSgNZqDIoA3JQICGD5uDfvlHx7KYOSlguexIVcQ"] }\n';

let here: Workspace;
beforeAll(async () => {
  here = await createWorkspace({ policy: trialPolicy(RULE), files: { 'dist/a.bin': 'a' } });
});
afterAll(() => here.remove());

describe.concurrent('a policy with a key that is not enforced yet', () => {
  test.each([
    [
      'tiers.internal.approvals',
      `${IN_TIER('approvals: [{ role: security, document: change-record }], audit: best-effort')}${PEOPLE}${LOG}`,
    ],
    ['notify.on', AT_TOP('notify: [{ webhook: https://hooks.acme.example/x, secret-env: SECRET, on: [deny, expiring] }]')],
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

const LIMITED = `version: 1
workloads: { ci: { issuer: https://ci.example, repository: "https://ci.example/acme/app" } }
signers:
  build: { certificate: { fulcio: https://fulcio.example }, workloads: [ci] }
  release: { keys: [{ ref: "awskms:///alias/release", public-key: release.pub }], workloads: [ci] }
  local: { keys: [{ ref: release.pem, public-key: release.pub }] }
tiers:
  internal: { signatures: [build] }
  production: { extends: internal, approvals: [{ role: security, document: change-record }], audit: best-effort }
artifacts:
  - { match: "dist/**", tier: internal }
${PEOPLE}${LOG}notify: [{ webhook: https://hooks.acme.example/x, secret-env: SECRET, on: [expiring] }]
`;

describe.concurrent('signwright policy', () => {
  test('check lists every key that is not enforced', async () => {
    here.write('release.pub', testKeys('p256').publicKey.export({ type: 'spki', format: 'pem' }));
    here.write('limited.yaml', LIMITED);
    const { status, stdout } = await here.run(['policy', 'check', 'limited.yaml']);
    expect(status).toBe(0);
    const [always = '', byRule = ''] = stdout.split(/refuse to run|refuse artifacts/).slice(1);
    expect(always).toMatch(/notify\.on \(limited\.yaml:\d+:\d+\): /);
    expect(byRule).toContain('tiers.production.approvals (limited.yaml:');
    const plain = await here.run(['policy', 'check']);
    expect(plain.stdout).not.toContain('refuse');
  });

  test('check, explain and trust show print one JSON object where that is asked for', async () => {
    here.write('release.pub', testKeys('p256').publicKey.export({ type: 'spki', format: 'pem' }));
    here.write('as-json.yaml', `${LIMITED}name: acme\nserial: 4\n`);
    const json = async (...args: string[]): Promise<unknown> => {
      const { stderr, stdout } = await here.run([...args, '--output', 'json']);
      expect(stderr).toBe('');
      return JSON.parse(stdout);
    };
    expect(await json('policy', 'check', 'as-json.yaml')).toMatchObject({
      version: 1,
      file: 'as-json.yaml',
      name: 'acme',
      serial: 4,
      digest: expect.stringMatching(/^sha256:/),
      anchored: false,
      warnings: expect.arrayContaining([expect.objectContaining({ severity: 'warning', path: 'tiers.production' })]),
      notEnforced: expect.arrayContaining([
        {
          key: 'notify.on',
          where: expect.stringMatching(/^as-json\.yaml:/),
          what: 'telling of anything but allow, deny, pending, waiver, break-glass, fallback, log-alarm',
          needed: 'always',
        },
        expect.objectContaining({ key: 'tiers.production.approvals', needed: 'by-rule' }),
      ]),
    });
    expect(await json('policy', 'explain', 'dist/a.bin')).toMatchObject({
      version: 1,
      status: 'required',
      kind: 'file',
      environment: 'default',
      tiers: ['internal'],
      requirements: [{ requirement: 'signature:build', from: [{ tier: 'internal' }] }],
      queries: [{ query: { name: 'dist/a.bin' }, layers: [{ rule: { match: ['dist/**'] } }] }],
    });
    expect(await json('policy', 'explain', 'other')).toMatchObject({ version: 1, status: 'unlisted' });
    expect(await json('trust', 'show', '.signwright/trial/trusted-root.json')).toMatchObject({
      version: 1,
      digest: expect.stringMatching(/^sha256:/),
      certificateAuthorities: [{ chain: [{ trial: true }, { trial: true }], issuers: ['https://trial.signwright.invalid'] }],
      timestampAuthorities: [{ chain: [{}, {}] }],
      transparencyLogs: 0,
    });
  });

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
    const checked = await here.run(['policy', 'check', 'local.yaml']);
    expect(checked.status).toBe(0);
    expect(checked.stderr).toContain('one job can make both');
    const explain = await here.run(['policy', 'explain', 'dist/a.bin', '--policy', 'local.yaml']);
    expect(explain.stdout).toContain('signature:second');
    expect(explain.stdout).toContain('signature:build');

    here.write('stale.yaml', local('a'.repeat(64)));
    const stale = await here.run(['plan', 'dist', '--policy', 'stale.yaml']);
    expect([stale.status, stale.stdout]).toEqual([2, '']);
    expect(stale.stderr).toContain('central.yaml');
  });
});

test.each([
  ['audit: { log: "ftp://logs.example/x" }', 'audit.log: there is no store of the kind ftp:'],
  ['audit: { log: "s3://ACME" }', 'audit.log: "ACME" is not the name of a bucket'],
  ['audit: { log: "git+https://git.example/logs.git" }', 'audit.log: '],
  ['audit: { log: log, lock: compliance, retain: 7y }', 'audit.log: the policy wants an object lock'],
  ['evidence: { store: "s3://a" }', 'evidence.store: "a" is not the name of a bucket'],
  ['evidence: { store: "gitlab://host" }', 'evidence.store: '],
  ['evidence: { store: evidence, lock: compliance }', 'evidence.store: the policy wants an object lock'],
])('policy check says what is wrong with a store, before any job meets it: %s', async (line, message) => {
  const there = await createWorkspace({ policy: AT_TOP(line) });
  const { status, stderr } = await there.run(['policy', 'check', 'signwright.yaml']);
  expect([status, stderr.split('\n')[0]]).toEqual([2, expect.stringContaining(message)]);
  there.remove();
});

describe('signwright policy diff', () => {
  const changed = (from: string, to: string): string => trialPolicy(RULE).replace(from, to);

  test('says what became weaker, with the line in each file, and exits 1', async () => {
    here.write('was.yaml', trialPolicy(RULE));
    here.write('is.yaml', changed('production: {}', 'production: { allow-development: true }'));
    const { status, stdout, stderr } = await here.run(['policy', 'diff', 'was.yaml', 'is.yaml']);
    expect([status, stderr]).toEqual([1, '']);
    expect(stdout).toBe(`weaker, or may be:
  environment production: what rests on a trial root may go there
    was.yaml:3:102 → is.yaml:3:123
1 weaker, 0 stricter, 0 different
`);
    const back = await here.run(['policy', 'diff', 'is.yaml', 'was.yaml', '--output', 'json']);
    expect([back.status, JSON.parse(back.stdout)]).toMatchObject([
      0,
      {
        version: 1,
        old: { file: 'is.yaml' },
        weaker: 0,
        stricter: 1,
        changes: [{ effect: 'stricter', about: 'environment production' }],
      },
    ]);
    const same = await here.run(['policy', 'diff', 'is.yaml', 'is.yaml']);
    expect([same.status, same.stdout]).toEqual([0, 'the two are the same policy\n']);
  });

  test('compares no policy that is none', async () => {
    here.write('was.yaml', trialPolicy(RULE));
    here.write('none.yaml', 'version: 2\n');
    expect(await here.run(['policy', 'diff', 'was.yaml', 'none.yaml'])).toMatchObject({ status: 2, stdout: '' });
  });
});
