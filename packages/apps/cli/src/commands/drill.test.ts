import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DrillReport } from '@signwright/report';
import { createPeopleWorkspace, createWorkspace, hasSshKeygen, testKeys, trialPolicy, type Workspace } from '@signwright/testkit';
import { afterAll, describe, expect, test } from 'vitest';

const made: Workspace[] = [];
afterAll(() => {
  for (const workspace of made) workspace.remove();
});

const LONG = { timeout: 300_000 };

/** One key, no record, no second anything. */
const WEAK = `version: 1
name: weak
trust: { root: .signwright/trial/trusted-root.json, timestamp: { urls: [https://tsa.signwright.invalid] } }
signers: { build: { keys: [{ ref: keys/build.pem, public-key: keys/build.pub }] } }
tiers: { internal: { signatures: [build] } }
artifacts: [{ match: "**", tier: internal }]
`;

async function weak(policy = WEAK): Promise<Workspace> {
  const { privateKey, publicKey } = testKeys();
  const files = {
    'keys/build.pem': privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    'keys/build.pub': publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
  const here = await createWorkspace({ policy, files });
  made.push(here);
  return here;
}

async function drilled(
  here: Workspace,
  ...args: string[]
): Promise<{ status: number | null; report: DrillReport; stderr: string }> {
  const { status, stdout, stderr } = await here.run(['drill', '--output', 'json', ...args]);
  return { status, report: JSON.parse(stdout || '{}') as DrillReport, stderr };
}

const verdictsOf = ({ artifacts }: DrillReport): Record<string, string> =>
  Object.fromEntries(artifacts.flatMap(({ scenarios }) => scenarios.map(({ scenario, verdict }) => [scenario, verdict])));

/** All that is there, by its bytes. */
function fingerprint(here: Workspace): string {
  const hash = createHash('sha256');
  for (const name of here.files('.')) hash.update(`${name}\0`).update(readFileSync(here.path(name)));
  return hash.digest('hex');
}

describe.concurrent('a drill', () => {
  test('of a policy that keeps no record fails for that, and says what else it lacks', LONG, async () => {
    const { status, report } = await drilled(await weak());
    expect(status).toBe(1);
    expect(report).toMatchObject({ version: 1, result: 'failed', policy: { name: 'weak' } });
    expect(verdictsOf(report)).toEqual({
      'broken-chain': 'passed',
      'revoked-signer': 'passed',
      'expired-certificate': 'passed',
      'denied-request': 'not-applicable',
      'signer-down': 'passed',
      'tsa-down': 'passed',
      'registry-down': 'passed',
      'audit-store-full': 'failed',
      'clock-skew': 'passed',
      'lost-approver': 'not-applicable',
    });
    const findings = report.artifacts.flatMap(({ scenarios }) => scenarios.flatMap((one) => one.findings)).join('\n');
    expect(findings).toMatch(/asks for no record/);
    expect(findings).toMatch(/one timestamp authority/);
    expect(findings).toMatch(/nothing is unlisted/);
  });

  test('says what should have happened, what did, and how long it took', LONG, async () => {
    const { status, report } = await drilled(await weak(), 'tsa-down');
    expect(status).toBe(0);
    const [scenario] = report.artifacts[0]?.scenarios ?? [];
    expect(scenario).toMatchObject({ scenario: 'tsa-down', verdict: 'passed' });
    expect(scenario?.checks[0]).toMatchObject({
      should: 'with no timestamp authority, signing stops',
      did: expect.stringMatching(/^exit code 3: .*ECONNREFUSED/),
      exitCode: 3,
    });
    expect(scenario?.detectionMs).toBeGreaterThan(0);
    expect(scenario?.recoveryMs).toBeGreaterThan(0);
  });

  test('fails a policy whose CA issues for who knows how long, and that never asks what was revoked', LONG, async () => {
    const here = await weak(`version: 1
trust: { root: .signwright/trial/trusted-root.json, timestamp: { urls: [https://tsa.signwright.invalid] } }
workloads: { ci: { issuer: https://ci.signwright.invalid, repository-id: "7" } }
signers: { build: { certificate: { step-ca: https://ca.signwright.invalid }, workloads: [ci] } }
tiers: { internal: { signatures: [build] } }
artifacts: [{ match: "dist/**", tier: internal }]
`);
    const { status, report } = await drilled(here, 'revoked-signer');
    expect(status).toBe(1);
    expect(report.artifacts[0]?.scenarios[0]?.findings[0]).toMatch(/nothing here would notice a revoked certificate of build/);
  });

  test('fails a policy that only observes: it lets everything through', LONG, async () => {
    const until = new Date(Date.now() + 30 * 24 * 3600 * 1000).toISOString().slice(0, 10);
    const here = await weak(WEAK.replace('signatures: [build]', `signatures: [build], mode: observe, until: ${until}`));
    const { status, report } = await drilled(
      here,
      'broken-chain',
      'revoked-signer',
      'expired-certificate',
      'registry-down',
      'clock-skew',
    );
    expect(status).toBe(1);
    expect(new Set(Object.values(verdictsOf(report)))).toEqual(new Set(['failed']));
  });

  test('rehearses each rule by a name that no rule before it takes, and says where there is none', LONG, async () => {
    const rules = `tiers: { internal: { signatures: [build] }, other: { signatures: [build], freezes: [{ from: 2020-01-01, until: 2021-01-01 }] }, third: { signatures: [build] } }
artifacts:
  - { match: "dist/drill*", tier: internal }
  - { match: "dist/*", tier: other }
  - { match: "dist/drill-2*", tier: third }
`;
    const here = await weak(WEAK.replace(/tiers: [\s\S]*/, rules));
    const { status, report } = await drilled(here, 'lost-approver');
    expect(report.artifacts.map(({ artifact, baseline }) => [artifact, baseline.allowed])).toEqual([
      ['dist/drilldrill', true],
      ['dist/any', true],
      ['dist/drill-2*', false],
    ]);
    expect(report.artifacts[2]?.baseline.why).toMatch(/name one with --artifact/);
    expect([status, report.result]).toEqual([3, 'incomplete']);
  });

  test('loses the key that signs now: one whose time is over is none', LONG, async () => {
    const [from, until] = ['from: 2025-01-01', 'until: 2026-01-01'];
    const ended = `[{ ref: keys/old.pem, public-key: keys/old.pub, ${from}, ${until} }, { ref`;
    const here = await weak(WEAK.replace('[{ ref', ended));
    const { publicKey } = testKeys('p384');
    here.write('keys/old.pub', publicKey.export({ type: 'spki', format: 'pem' }));
    const { status, report } = await drilled(here, 'signer-down');
    expect(verdictsOf(report)).toEqual({ 'signer-down': 'passed' });
    expect(status).toBe(0);
  });

  test('chooses a time at which windows are open and nothing is frozen', LONG, async () => {
    const freeze = 'freezes: [{ from: 2020-01-01, until: 2031-01-01 }]';
    const windows = 'windows: [{ days: mon, from: "08:00", to: "16:00", timezone: UTC }]';
    const here = await weak(WEAK.replace('signatures: [build]', `signatures: [build], ${windows}, ${freeze}`));
    const { status, report } = await drilled(here, 'tsa-down', 'clock-skew');
    expect(report.artifacts[0]).toMatchObject({ at: expect.stringMatching(/^2031-01-06T08:00/), baseline: { allowed: true } });
    expect(status).toBe(0);
  });

  test('says why not even a good release is allowed, and rehearses nothing then', LONG, async () => {
    const since = 'compromised-since: 2020-01-01';
    const here = await weak(WEAK.replace('public-key: keys/build.pub', `public-key: keys/build.pub, ${since}`));
    const { status, report } = await drilled(here, 'tsa-down');
    expect(status).toBe(3);
    expect(report).toMatchObject({
      result: 'incomplete',
      artifacts: [{ baseline: { allowed: false, why: expect.stringMatching(/no key that counts now/) }, scenarios: [] }],
    });
  });

  test('refuses what it does not know before anything is rehearsed', async () => {
    const here = await weak();
    expect(await here.run(['drill', 'tsa-dwn'])).toMatchObject({ status: 2, stderr: /did you mean tsa-down\?/ });
    expect(await here.run(['drill', '--environment', 'moon'])).toMatchObject({ status: 2, stderr: /no environment "moon"/ });
    expect(await here.run(['drill', '--signer', 'nobody', '--out', 'r'])).toMatchObject({
      status: 2,
      stderr: /no signer "nobody"/,
    });
    expect(await here.run(['drill', '--signer', 'build'])).toMatchObject({ status: 2, stderr: /has to go somewhere/ });
    expect(await here.run(['drill', '--keep'])).toMatchObject({ status: 2, stderr: /nothing says who signs it/ });
    const list = await here.run(['drill', '--list']);
    expect(list).toMatchObject({ status: 0, stdout: /broken-chain[\s\S]*lost-approver/ });
  });

  test('writes JUnit XML, and signs the report only as whom it is told, with a key of the real policy', LONG, async () => {
    const policy = trialPolicy('  - { match: "dist/**", tier: internal }');
    const here = await createWorkspace({ policy });
    made.push(here);
    const xml = await here.run(['drill', 'clock-skew', '--output', 'junit']);
    expect(xml.stdout).toMatch(
      /<testsuites name="signwright drill" tests="2" failures="0"[\s\S]*<testcase classname="dist\/drill \(default\)" name="clock-skew"/,
    );
    expect(xml.stderr).toContain('the report is not signed');
    const signed = await here.run(['drill', 'clock-skew', '--output', 'json', '--out', 'r.json', '--signer', 'build', '--keep']);
    expect(signed).toMatchObject({ status: 0, stderr: /signed as build, evidence sha256:/ });
    const bundle = JSON.parse(here.read('r.json.sigstore.json')) as { dsseEnvelope: { payload: string } };
    const statement = JSON.parse(Buffer.from(bundle.dsseEnvelope.payload, 'base64').toString()) as Record<string, unknown>;
    expect(statement).toMatchObject({
      predicateType: 'https://signwright.dev/drill/v1',
      predicate: JSON.parse(here.read('r.json')),
    });
    expect([...here.evidence().values()].map(String)).toContain(here.read('r.json.sigstore.json'));
  });

  test('works in a job of a CI, whose token and variables it hands on to nobody', LONG, async () => {
    const here = await weak();
    const env = {
      CI: 'true',
      GITLAB_CI: 'true',
      CI_PIPELINE_SOURCE: 'merge_request_event',
      SIGNWRIGHT_POLICY: 'none.yaml',
      NODE_OPTIONS: '',
    };
    const { status } = await here.run(['drill', 'signer-down', '--policy', 'signwright.yaml'], { env });
    expect(status).toBe(0);
  });

  test('as a job leaves its report beside the result, with its own words', LONG, async () => {
    const here = await weak();
    const env = { SIGNWRIGHT_INPUTS: JSON.stringify({ scenarios: 'audit-store-full', policy: 'signwright.yaml' }) };
    expect(await here.run(['job', 'drill'], { env })).toMatchObject({ status: 1 });
    const result = JSON.parse(here.read('signwright-reports/result.json')) as Record<string, unknown>;
    expect(result).toMatchObject({ command: 'drill', result: 'deny', message: 'the drill failed: audit-store-full' });
    expect(result['files']).toEqual(expect.arrayContaining(['drill.json', 'junit.xml']));
    expect(here.read('signwright-reports/junit.xml')).toContain('<failure');
  });
});

describe.runIf(hasSshKeygen)('a drill of a policy with people', () => {
  test('changes nothing of the project, and reaches nothing that the policy names', LONG, async () => {
    let reached = 0;
    const server = createServer((_, response) => {
      reached += 1;
      response.writeHead(500).end();
    });
    server.on('connection', () => {
      reached += 1;
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const here = await createPeopleWorkspace({
      more: `notify: [{ webhook: "${origin}/hook", secret-env: SECRET, allow-private: true, on: [deny, pending] }]\nevidence: { store: "s3://real-evidence?endpoint=${origin}&path-style=true" }\n`,
    });
    made.push(here);
    here.write(
      'signwright.yaml',
      here
        .read('signwright.yaml')
        .replace('timestamp: { trial: .signwright/trial }', `timestamp: { urls: ["${origin}/tsa"] }`)
        .replace('certificate: { trial: .signwright/trial }', `certificate: { fulcio: "${origin}" }`)
        .replace('audit: { log: log,', `audit: { log: "s3://real-log?endpoint=${origin}&path-style=true",`),
    );
    const before = fingerprint(here);
    const { status, report, stderr } = await drilled(here, '--artifact', 'dist/a.tgz');
    expect(report.artifacts[0]?.baseline, stderr).toMatchObject({ allowed: true });
    // One of two who may be lost is in both roles, so nobody is indispensable; best-effort signs without a record, which is told.
    expect([status, verdictsOf(report)]).toMatchObject([
      1,
      { 'lost-approver': 'passed', 'audit-store-full': 'failed', 'denied-request': 'passed' },
    ]);
    expect([fingerprint(here), reached]).toEqual([before, 0]);
    server.close();
  });

  test.each([
    ['broken-chain expired-certificate', ['untrusted-certificate']],
    ['revoked-signer', ['certificate-revoked', 'revocation-unknown', 'key-compromised']],
    ['denied-request clock-skew', ['rejected', 'after-moment']],
    ['signer-down tsa-down registry-down', ['evidence-unreachable']],
    ['audit-store-full lost-approver', []],
  ])('of a policy that has a control for it passes %s', LONG, async (names, reasons) => {
    const here = await createPeopleWorkspace();
    made.push(here);
    const { publicKey } = testKeys();
    here.write('keys/kms.pub', publicKey.export({ type: 'spki', format: 'pem' }));
    here.write(
      'signwright.yaml',
      here
        .read('signwright.yaml')
        .replace(
          'timestamp: { trial: .signwright/trial }',
          'timestamp: { urls: [https://a.signwright.invalid, https://b.signwright.invalid] }, revocation: { mode: require, max-age: 4h }',
        )
        .replace(
          'signers:\n',
          'signers:\n  kms: { workloads: [ci], keys: [{ ref: "awskms:///alias/a", public-key: keys/kms.pub }, { ref: keys/spare.pem, public-key: keys/spare.pub }] }\n',
        )
        .replace('audit: best-effort', 'signatures: [kms], audit: required'),
    );
    here.write('keys/spare.pub', testKeys('p256', 'spare').publicKey.export({ type: 'spki', format: 'pem' }));
    const { status, report } = await drilled(here, ...names.split(' '), '--artifact', 'dist/a.tgz');
    const scenarios = report.artifacts.flatMap((one) => one.scenarios);
    expect(scenarios.filter(({ verdict }) => verdict !== 'passed')).toEqual([]);
    expect([status, scenarios.length]).toEqual([0, names.split(' ').length]);
    const codes = scenarios.flatMap(({ checks }) => checks.flatMap((one) => one.codes ?? []));
    expect(codes).toEqual(expect.arrayContaining([...reasons]));
  });

  test('fails where nobody is left once somebody is gone, and says who', LONG, async () => {
    const here = await createPeopleWorkspace({ approvals: '[{ role: engineering, count: 2 }]' });
    made.push(here);
    const { status, report } = await drilled(here, 'lost-approver', '--artifact', 'dist/a.tgz');
    expect(status).toBe(1);
    expect(report.artifacts[0]?.scenarios[0]?.findings).toEqual([
      'without ann nobody is left for 2 of the role engineering',
      'without bob nobody is left for 2 of the role engineering',
    ]);
  });
});
