import { writeFileSync } from 'node:fs';
import { createWorkspace, trialPolicy, type Workspace } from '@signwright/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

let here: Workspace;
beforeAll(async () => {
  const rules = '  - { match: "**/*.map", sign: never }\n  - { match: "dist/**", tier: internal }';
  here = await createWorkspace({ policy: trialPolicy(rules), files: { 'dist/a.bin': 'a' } });
  expect((await here.run(['sign', 'dist', '--no-sidecars'])).status).toBe(0);
  writeFileSync(here.path('tampered.bin'), 'b');
});
afterAll(() => here.remove());

async function run(cases: string, ...more: string[]) {
  here.write('cases.yaml', `version: 1\ncases:\n${cases}`);
  return here.run(['policy', 'test', 'cases.yaml', ...more]);
}

const SIGNED = 'file: dist/a.bin, evidence: .signwright/evidence';
const TAMPERED = 'file: tampered.bin, artifact: dist/a.bin, evidence: .signwright/evidence';

describe('signwright policy test', () => {
  test('holds where every case comes out as it says', async () => {
    const { status, stdout, stderr } =
      await run(`  - { name: binaries need a build, artifact: dist/b.bin, expect: { tiers: [internal], signers: [build] } }
  - { name: maps stay here, artifact: dist/a.js.map, expect: { denied: never-sign } }
  - { name: what was built may go, ${SIGNED}, expect: { result: allow, outcomes: { "signature:build": signature-verified } } }
  - { name: not into production, ${SIGNED}, environment: production, expect: { result: deny } }
  - { name: nor what was changed, ${TAMPERED}, expect: { result: deny, outcomes: { "signature:build": no-signature } } }
  - { name: nor what nobody signed, file: tampered.bin, artifact: dist/a.bin, expect: { result: deny } }
`);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('ok      maps stay here\n');
    expect(stdout).toMatch(/6 cases: 6 hold, 0 failed · policy sha256:[0-9a-f]{64}\n$/);
  });

  test('fails where one does not, and says why and where', async () => {
    const { status, stdout } = await run(`  - { name: good, artifact: dist/b.bin, expect: { tiers: [internal] } }
  - { name: "changed & let through", ${TAMPERED}, expect: { result: allow } }
  - { name: other code, ${SIGNED}, expect: { result: allow, outcomes: { "signature:build": no-signature, audit: x } } }
`);
    expect(status).toBe(1);
    expect(stdout).toContain(
      'FAILED  changed & let through (cases.yaml:4:5)\n          the verdict is deny, not allow\n          signature:build: ',
    );
    expect(stdout).toContain('signature:build is signature-verified, not no-signature');
    expect(stdout).toContain('audit is not among the outcomes (signature:build), not x');
    expect(stdout).toContain('3 cases: 1 hold, 2 failed');
  });

  test.each([
    ['the file', 'file: dist/gone.bin, evidence: .signwright/evidence'],
    ['the evidence', 'file: dist/a.bin, evidence: gone'],
    ['all in the evidence', 'file: dist/a.bin, evidence: empty'],
  ])('fails, and does not pass by mistake, where %s is missing', async (_what, about) => {
    here.write('empty/sub/x', '');
    const { rmSync } = await import('node:fs');
    rmSync(here.path('empty/sub/x'));
    const { status, stdout } = await run(`  - { name: denied, ${about}, expect: { result: deny } }\n`);
    expect(status).toBe(1);
    expect(stdout).toContain('FAILED  denied');
    expect(stdout).toMatch(/gone|nothing in empty/);
  });

  test('prints JUnit with a test case each, and JSON', async () => {
    const cases = `  - { name: "<good>", artifact: dist/b.bin, expect: { tiers: [internal] } }
  - { name: bad, artifact: dist/b.bin, expect: { tiers: [other] } }
`;
    const junit = await run(cases, '--output', 'junit');
    expect(junit.status).toBe(1);
    expect(junit.stdout).toContain('<testsuite name="cases.yaml" tests="2" failures="1"');
    expect(junit.stdout).toContain('name="&lt;good&gt;"');
    expect(junit.stdout.match(/<failure /g)).toHaveLength(1);
    const json = await run(cases, '--output', 'json');
    expect(JSON.parse(json.stdout)).toMatchObject({
      version: 1,
      failed: 1,
      cases: [{ holds: true }, { holds: false, where: 'cases.yaml:4:5' }],
    });
  });

  test('refuses a file without cases, and a policy that is none', async () => {
    const none = await run('  []\n');
    expect([none.status, none.stdout, none.stderr]).toEqual([
      2,
      '',
      expect.stringMatching(/cases\.yaml:3:3: cases: the list is empty/),
    ]);
    here.write('none.yaml', 'version: 2');
    const other = await run('  - { name: a, artifact: b, expect: { denied: unlisted } }\n', '--policy', 'none.yaml');
    expect([other.status, other.stdout]).toEqual([2, '']);
  });

  test('its schema is printed for editors', async () => {
    const { status, stdout } = await here.run(['policy', 'schema', '--cases']);
    expect([status, JSON.parse(stdout)]).toMatchObject([0, { title: 'cases of a Signwright policy' }]);
  });
});
