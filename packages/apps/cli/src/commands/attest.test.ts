import { createWorkspace, type Workspace } from '@signwright/testkit';
import { afterAll, describe, expect, test } from 'vitest';

const made: Workspace[] = [];
afterAll(() => {
  for (const workspace of made) workspace.remove();
});

const TRIAL = 'https://trial.signwright.invalid';
const COMMIT = 'c0'.repeat(20);
const JUNIT = (failed: boolean): string =>
  `<testsuite name="s" tests="1" failures="${failed ? 1 : 0}"><testcase name="adds" classname="sum">${failed ? '<failure message="no"/>' : ''}</testcase></testsuite>`;
const SBOM = JSON.stringify({
  bomFormat: 'CycloneDX',
  specVersion: '1.6',
  version: 1,
  components: [{ type: 'library', name: 'left-pad', version: '1.3.0' }],
});
const SARIF = (level?: string): string =>
  JSON.stringify({
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'scanner', version: '1.0', rules: [] } },
        results: level === undefined ? [] : [{ ruleId: 'CVE-2026-1', level, message: { text: 'bad' } }],
      },
    ],
  });

/** A project whose one tier demands attestations; jobs of `acme/app` build, those of `acme/scan` scan. */
async function project(attestations: string, more: { tier?: string; audit?: string } = {}): Promise<Workspace> {
  const here = await createWorkspace({
    files: { 'dist/a.bin': 'a', 'dist/b.bin': 'b', 'junit.xml': JUNIT(false), 'sbom.json': SBOM, 'scan.sarif': SARIF() },
    policy: `version: 1
trust: { root: .signwright/trial/trusted-root.json, timestamp: { trial: .signwright/trial } }
environments: { default: { allow-development: true }, production: {} }
workloads:
  ci: { issuer: "${TRIAL}", repository: "${TRIAL}/acme/app" }
  scans: { issuer: "${TRIAL}", repository: "${TRIAL}/acme/scan" }
signers:
  build: { certificate: { trial: .signwright/trial }, workloads: [ci] }
  scan: { certificate: { trial: .signwright/trial }, workloads: [scans] }
tiers:
  internal:
    signatures: [build]
    attestations: [${attestations}]
${more.tier ?? ''}artifacts:
  - { match: "dist/**", tier: internal }
${more.audit ?? ''}`,
  });
  made.push(here);
  become(here, 'app');
  return here;
}

/** From now on this workspace is a job of another repository. */
function become(here: Workspace, repository: 'app' | 'scan', sha = COMMIT): void {
  const file = '.signwright/trial/identity.json';
  const identity = JSON.parse(here.read(file)) as object;
  here.write(file, JSON.stringify({ ...identity, repository: `${TRIAL}/acme/${repository}`, sha }), 0o600);
}

/** Timestamps have whole seconds: what is signed from now on is newer. */
function nextSecond(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1100));
}

type Outcomes = Record<string, { status: string; code: string; message: string }>;

/** What became of each requirement of one artifact. */
async function outcomes(here: Workspace, name = 'dist/a.bin', ...args: string[]): Promise<Outcomes> {
  const { stdout } = await here.run(['verify', name, '--output', 'json', ...args]);
  const { verdicts } = JSON.parse(stdout) as {
    verdicts: { outcomes: { requirement: string; status: string; code: string; message: string }[] }[];
  };
  return Object.fromEntries(verdicts[0]?.outcomes.map((one) => [one.requirement, one]) ?? []);
}

type Statement = { subject: { name: string }[]; predicateType: string; predicate: Record<string, never> };

function statements(here: Workspace): Statement[] {
  return [...here.evidence().values()].map((bytes) => {
    const { dsseEnvelope } = JSON.parse(bytes.toString()) as { dsseEnvelope: { payload: string } };
    return JSON.parse(Buffer.from(dsseEnvelope.payload, 'base64').toString()) as Statement;
  });
}

describe.concurrent('signwright attest', () => {
  test('signs one statement over several artifacts, and verify finds its demand met for each', async () => {
    const here = await project('{ type: test-result, by: build }, { type: sbom, by: build, format: [cyclonedx] }');
    await here.run(['sign']);
    expect(await here.run(['verify'])).toMatchObject({ status: 1 });
    const tests = await here.run(['attest', 'test-result', '--report', 'junit.xml']);
    expect(tests).toMatchObject({ status: 0, stdout: expect.stringMatching(/^attested test-result of 2: JUnit: .*1 test/) });
    expect(tests.stderr).toMatch(/build: attested test-result of 2, evidence sha256:/);
    expect(await here.run(['attest', 'sbom', 'dist/a.bin', '--subject', 'dist/b.bin', '--report', 'sbom.json'])).toMatchObject({
      status: 0,
    });
    expect(statements(here).map(({ subject }) => subject.length)).toEqual([2, 2, 2]);
    expect(await here.run(['verify'])).toMatchObject({ status: 0 });
  });

  test('refuses failed tests, and signs them with --record-failure; the newest decides, so that this blocks and a new run frees', async () => {
    const here = await project('{ type: test-result, by: build }');
    await here.run(['sign']);
    await here.run(['attest', 'test-result', '--report', 'junit.xml']);
    expect(await here.run(['verify'])).toMatchObject({ status: 0 });
    here.write('failed.xml', JUNIT(true));
    const before = here.evidence().size;
    const refused = await here.run(['attest', 'test-result', '--report', 'failed.xml']);
    expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining('--record-failure') });
    expect(here.evidence().size).toBe(before);
    const recorded = await here.run(['attest', 'test-result', '--report', 'failed.xml', '--record-failure']);
    expect(recorded).toMatchObject({ status: 0, stdout: expect.stringContaining('1 test failed') });
    expect((await outcomes(here))['attestation:test-result:build']).toMatchObject({
      status: 'unmet',
      code: 'attestation-failed',
    });
    await nextSecond();
    await here.run(['attest', 'test-result', '--report', 'junit.xml']);
    expect(await here.run(['verify'])).toMatchObject({ status: 0 });
  });

  test('holds a scan against the severity that fails', async () => {
    const here = await project('{ type: vulnerabilities, by: build, fail-on: high }');
    await here.run(['sign']);
    here.write('bad.sarif', SARIF('error'));
    expect(await here.run(['attest', 'vulnerabilities', '--report', 'bad.sarif'])).toMatchObject({ status: 1 });
    expect(await here.run(['attest', 'vulnerabilities', '--report', 'scan.sarif'])).toMatchObject({ status: 0 });
    expect(await here.run(['verify'])).toMatchObject({ status: 0 });
  });

  test('an attestation that has grown too old counts no more, and a newer one does', async () => {
    const here = await project('{ type: vulnerabilities, by: build, fail-on: high, max-age: 7d }');
    await here.run(['sign']);
    await here.run(['attest', 'vulnerabilities', '--report', 'scan.sarif']);
    expect(await here.run(['verify'])).toMatchObject({ status: 0 });
    const later = new Date(Date.now() + 8 * 24 * 3600 * 1000).toISOString().replace(/\.\d+/, '');
    expect((await outcomes(here, 'dist/a.bin', '--at', later))['attestation:vulnerabilities:build']).toMatchObject({
      code: 'attestation-too-old',
    });
  });

  test('by another signer than the policy wants counts for nothing, and says so beforehand', async () => {
    const here = await project('{ type: test-result, by: build }');
    await here.run(['sign']);
    become(here, 'scan');
    const wrong = await here.run(['attest', 'test-result', '--report', 'junit.xml']);
    expect(wrong).toMatchObject({ status: 1, stderr: expect.stringContaining('this run may not sign as build') });
    const other = await here.run(['attest', 'test-result', 'dist/a.bin', '--report', 'junit.xml', '--signer', 'scan']);
    expect(other).toMatchObject({ status: 0, stderr: expect.stringContaining('asks for no test-result by scan of 1 of 1') });
    expect((await outcomes(here))['attestation:test-result:build']).toMatchObject({
      status: 'unmet',
      code: 'attestations-refused',
    });
  });

  test('where several signers may be meant, names them', async () => {
    const here = await project('{ type: test-result, by: build }, { type: test-result, by: scan }');
    const which = await here.run(['attest', 'test-result', '--report', 'junit.xml']);
    expect(which).toMatchObject({ status: 2, stderr: expect.stringContaining('--signer build or --signer scan') });
    expect(await here.run(['attest', 'test-result', '--report', 'junit.xml', '--signer', 'who'])).toMatchObject({ status: 2 });
  });

  test('an attestation is no signature, and a signature no attestation', async () => {
    const here = await project('{ type: test-result, by: build }');
    await here.run(['attest', 'test-result', '--report', 'junit.xml']);
    const attested = await outcomes(here);
    expect(attested['signature:build']).toMatchObject({ code: 'no-signature' });
    expect(attested['attestation:test-result:build']).toMatchObject({ status: 'met' });
    const other = await project('{ type: test-result, by: build }');
    await other.run(['sign']);
    const signed = await outcomes(other);
    expect(signed['signature:build']).toMatchObject({ status: 'met' });
    expect(signed['attestation:test-result:build']).toMatchObject({ code: 'no-attestation' });
  });

  test.each([
    'https://signwright.dev/release/v1',
    'https://signwright.dev/authors/v1',
    'https://slsa.dev/verification_summary/v1',
  ])('signs no %s from a report: such statements have commands of their own', async (type) => {
    const here = await project('{ type: test-result, by: build }');
    expect(await here.run(['attest', type, 'dist/a.bin', '--report', 'sbom.json'])).toMatchObject({ status: 2 });
    expect(here.evidence().size).toBe(0);
  });

  test('attests any other predicate by its URI', async () => {
    const type = 'https://acme.example/review/v1';
    const here = await project(`{ type: "${type}", by: build }`);
    await here.run(['sign']);
    here.write('review.json', '{"reviewed":true}');
    expect(await here.run(['attest', type, '--report', 'review.json'])).toMatchObject({ status: 0 });
    expect(await here.run(['verify'])).toMatchObject({ status: 0 });
  });

  test('refuses what the policy does not list, reports that are none, and options that do not go together', async () => {
    const here = await project('{ type: test-result, by: build }');
    here.write('other.bin', 'x');
    expect(await here.run(['attest', 'test-result', 'other.bin', '--report', 'junit.xml'])).toMatchObject({ status: 1 });
    for (const args of [
      ['test-result'],
      ['test-result', '--report', 'sbom.json'],
      ['sbom', '--report', 'sbom.json'],
      ['provenance', 'dist/a.bin', '--report', 'sbom.json'],
      ['test-result', '--report', 'junit.xml', '--lockfile', 'package-lock.json'],
      ['nonsense', 'dist/a.bin', '--report', 'sbom.json'],
    ])
      expect([args, (await here.run(['attest', ...args])).status]).toEqual([args, 2]);
    expect(here.evidence().size).toBe(0);
  });

  test('signs nothing where the trial root would not count, nor in a merge request’s pipeline', async () => {
    const here = await project('{ type: test-result, by: build }');
    const production = await here.run(['attest', 'test-result', '--report', 'junit.xml', '--environment', 'production']);
    expect(production).toMatchObject({ status: 1, stderr: expect.stringContaining('trial root') });
    const fork = await here.run(['attest', 'test-result', '--report', 'junit.xml'], {
      env: { GITLAB_CI: 'true', CI_PIPELINE_SOURCE: 'merge_request_event', CI_PROJECT_URL: `${TRIAL}/acme/app` },
    });
    expect(fork).toMatchObject({ status: 1, stderr: expect.stringContaining('may plan and never sign') });
    expect(here.evidence().size).toBe(0);
  });

  test('by digest, of something that is elsewhere', async () => {
    const here = await project('{ type: test-result, by: build }');
    const digest = `sha256:${'ab'.repeat(32)}`;
    const about = ['--digest', digest, '--name', 'dist/image.tar'];
    await here.run(['sign', ...about]);
    expect(await here.run(['attest', 'test-result', '--report', 'junit.xml', ...about])).toMatchObject({ status: 0 });
    expect(await here.run(['verify', ...about])).toMatchObject({ status: 0 });
  });
});

describe.concurrent('provenance', () => {
  const JOB = {
    env: {
      GITLAB_CI: 'true',
      CI_PROJECT_URL: `${TRIAL}/acme/app`,
      CI_COMMIT_SHA: COMMIT,
      CI_COMMIT_BRANCH: 'main',
      CI_JOB_URL: 'https://gitlab.acme.example/acme/app/-/jobs/7',
      GITLAB_USER_ID: '1017',
    },
  };

  test('says what the job is, marks what its certificate bears out, and meets conditions of builder and source', async () => {
    const here = await project(
      `{ type: provenance, by: build, builder: "https://gitlab.acme.example", source: "${TRIAL}/acme/*" }`,
    );
    here.write(
      'package-lock.json',
      JSON.stringify({ lockfileVersion: 3, packages: { '': {}, 'node_modules/a': { version: '1.0.0' } } }),
    );
    await here.run(['sign']);
    const image = `sha256:${'9f'.repeat(32)}`;
    const attest = await here.run(
      ['attest', 'provenance', '--dependency', `node:24@${image}`, '--lockfile', 'package-lock.json'],
      JOB,
    );
    expect(attest).toMatchObject({ status: 0, stderr: expect.stringContaining('1 of its entries have no digest') });
    expect(await here.run(['verify'])).toMatchObject({ status: 0 });
    const predicate = statements(here).find(({ predicateType }) => predicateType === 'https://slsa.dev/provenance/v1')
      ?.predicate as unknown as {
      buildDefinition: { resolvedDependencies: object[]; internalParameters: { agent: string } };
      'https://signwright.dev/certified': string[];
      'https://signwright.dev/self-asserted': string[];
    };
    expect(predicate.buildDefinition.resolvedDependencies).toMatchObject([
      { uri: `git+${TRIAL}/acme/app@refs/heads/main`, digest: { gitCommit: COMMIT } },
      { uri: 'node:24', digest: { sha256: image.slice(7) } },
      { uri: 'package-lock.json' },
    ]);
    expect(predicate['https://signwright.dev/certified']).toContain('/buildDefinition/externalParameters/repository');
    expect(predicate['https://signwright.dev/self-asserted']).toEqual(
      expect.arrayContaining([
        '/buildDefinition/internalParameters/agent',
        '/runDetails/builder/id',
        '/buildDefinition/resolvedDependencies',
      ]),
    );
  });

  test('of another builder or source is refused, and so is a job that says another repository than its certificate', async () => {
    for (const condition of ['builder: "https://ci.other.example"', `source: "${TRIAL}/other/**"`]) {
      const here = await project(`{ type: provenance, by: build, ${condition} }`);
      const refused = await here.run(['attest', 'provenance'], JOB);
      expect([condition, refused.status, refused.stderr]).toEqual([condition, 1, expect.stringContaining('built ')]);
    }
    const here = await project('{ type: provenance, by: build }');
    const lying = { env: { ...JOB.env, CI_PROJECT_URL: `${TRIAL}/acme/other` } };
    expect(await here.run(['attest', 'provenance'], lying)).toMatchObject({ status: 1 });
    expect(here.evidence().size).toBe(0);
  });
});

test('where records are required, an attestation has one, and one made outside is refused', async () => {
  const here = await project('{ type: test-result, by: build }', { tier: '    audit: required\n' });
  const init = await here.run(['audit', 'init', '--name', 'log.example/test', '--key', 'keys/log.pem']);
  const key = /verifier-keys: \["(.+)"\]/.exec(init.stdout)?.[1];
  const policy = here.read('signwright.yaml');
  here.write('signwright.yaml', policy.replace('    audit: required\n', ''));
  await here.run(['attest', 'test-result', '--report', 'junit.xml']);
  here.write('signwright.yaml', `${policy}audit: { log: log, key: keys/log.pem, verifier-keys: ["${key}"] }\n`);
  await here.run(['sign']);
  const outside = await outcomes(here);
  expect(outside['audit']).toMatchObject({ status: 'unmet', code: 'no-record' });
  await nextSecond();
  expect(await here.run(['attest', 'test-result', '--report', 'junit.xml'])).toMatchObject({
    status: 0,
    stderr: expect.stringMatching(/attested test-result of 2, evidence sha256:[0-9a-f]{64}, record sha256:/),
  });
  expect(await here.run(['verify'])).toMatchObject({ status: 0 });
  const listed = await here.run(['audit', 'search', '--signer', 'build', '--output', 'json']);
  expect(listed.stdout).toContain('https://in-toto.io/attestation/test-result/v0.1');
});
