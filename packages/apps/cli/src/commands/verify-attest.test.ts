import { createWorkspace, type Workspace } from '@signwright/testkit';
import { afterAll, describe, expect, test } from 'vitest';

const made: Workspace[] = [];
afterAll(() => {
  for (const workspace of made) workspace.remove();
});

const TRIAL = 'https://trial.signwright.invalid';
const GATE = 'https://cd.acme.example/gate';
const COMMIT = 'c0'.repeat(20);

/** A project that jobs of `acme/app` build, whose verdicts those of `acme/gate` sign; with its log, its key and an anchor. */
async function project(tier = ''): Promise<Workspace> {
  const here = await createWorkspace({ files: { 'dist/a.bin': 'a' } });
  made.push(here);
  const init = await here.run(['audit', 'init', '--name', 'log.example/test', '--key', 'keys/log.pem']);
  const key = /verifier-keys: \["(.+)"\]/.exec(init.stdout)?.[1];
  here.write(
    'signwright.yaml',
    `version: 1
name: acme-central
trust: { root: .signwright/trial/trusted-root.json, timestamp: { trial: .signwright/trial } }
environments: { default: { allow-development: true }, production: {} }
people: { ann: { certificate: { issuer: "https://id.acme.example", subject: ann@acme.example } } }
roles: { security: [ann] }
workloads:
  ci: { issuer: "${TRIAL}", repository: "${TRIAL}/acme/app" }
  gates: { issuer: "${TRIAL}", repository: "${TRIAL}/acme/gate" }
signers:
  build: { certificate: { trial: .signwright/trial }, workloads: [ci] }
  gate: { certificate: { trial: .signwright/trial }, workloads: [gates] }
verifiers: [{ id: "${GATE}", by: gate }]
tiers:
  internal:
    signatures: [build]
    audit: required
${tier}artifacts:
  - { match: "dist/**", tier: internal }
audit: { log: log, key: keys/log.pem, verifier-keys: ["${key}"] }
`,
  );
  await anchor(here);
  become(here, 'app');
  return here;
}

async function anchor(here: Workspace): Promise<void> {
  const { stdout, stderr } = await here.run(['policy', 'check', '--output', 'json']);
  expect(stderr).toBe('');
  here.write('anchor.yaml', `policy-sha256: "${(JSON.parse(stdout) as { digest: string }).digest}"\n`);
}

function become(here: Workspace, repository: string): void {
  const file = '.signwright/trial/identity.json';
  const identity = JSON.parse(here.read(file)) as object;
  here.write(file, JSON.stringify({ ...identity, repository: `${TRIAL}/acme/${repository}`, sha: COMMIT }), 0o600);
}

type Summary = { subject: object[]; predicate: Record<string, unknown> };

function summaries(here: Workspace): Summary[] {
  return [...here.evidence().values()].flatMap((bytes) => {
    const { dsseEnvelope } = JSON.parse(bytes.toString()) as { dsseEnvelope: { payload: string } };
    const statement = JSON.parse(Buffer.from(dsseEnvelope.payload, 'base64').toString()) as Summary & { predicateType: string };
    return statement.predicateType === 'https://slsa.dev/verification_summary/v1' ? [statement] : [];
  });
}

const ATTEST = ['verify', '--attest', '--anchor', 'anchor.yaml'];

describe.concurrent('signwright verify --attest', () => {
  test('signs PASSED for an allow, with all it rests on, and records it', async () => {
    const here = await project('    attestations: [{ type: provenance, by: build, max-age: 7d }]\n');
    await here.run(['sign']);
    await here.run(['attest', 'provenance']);
    become(here, 'gate');
    const verify = await here.run(ATTEST);
    expect(verify).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/gate: attested PASSED of 1, evidence sha256:.*record/),
    });
    const [summary, ...others] = summaries(here);
    expect(others).toEqual([]);
    const { digest } = (summary?.subject[0] ?? {}) as { digest: { sha256: string } };
    expect(summary?.predicate).toMatchObject({
      verifier: { id: GATE },
      resourceUri: `dist/a.bin@sha256:${digest.sha256}`,
      policy: { uri: 'https://signwright.dev/policy/v1#acme-central' },
      verificationResult: 'PASSED',
      verifiedLevels: ['SLSA_BUILD_LEVEL_1'],
      slsaVersion: '1.1',
      'https://signwright.dev/environment': 'default',
      'https://signwright.dev/tiers': ['internal'],
      'https://signwright.dev/expires': expect.stringMatching(/^20/),
      'https://signwright.dev/waivers': [],
      'https://signwright.dev/source': { repository: `${TRIAL}/acme/app`, commit: COMMIT },
      'https://signwright.dev/log': { origin: 'log.example/test', size: expect.any(Number), root: expect.any(String) },
      'https://signwright.dev/development': true,
    });
    // Two statements, and the proof of the record of each.
    expect(summary?.predicate['inputAttestations']).toHaveLength(4);
    const found = await here.run(['audit', 'search', '--signer', 'gate', '--output', 'json']);
    const { requests } = JSON.parse(found.stdout) as { requests: { record: { statement: object } }[] };
    expect(requests.map(({ record }) => record.statement)).toEqual([
      { type: 'https://slsa.dev/verification_summary/v1', result: 'PASSED', repository: `${TRIAL}/acme/app`, commit: COMMIT },
    ]);
    expect(await here.run(['verify'])).toMatchObject({ status: 0 });
  });

  test('signs FAILED for a deny, and still exits with it; without provenance demanded it claims no level', async () => {
    const here = await project();
    await here.run(['sign']);
    here.write('dist/a.bin', 'changed');
    become(here, 'gate');
    expect(await here.run(ATTEST)).toMatchObject({ status: 1 });
    expect(summaries(here)[0]?.predicate).toMatchObject({ verificationResult: 'FAILED', verifiedLevels: ['FAILED'] });
    here.write('dist/a.bin', 'a');
    expect(await here.run(ATTEST)).toMatchObject({ status: 0 });
    expect(summaries(here).map(({ predicate }) => predicate['verifiedLevels'])).toContainEqual(['SLSA_BUILD_LEVEL_0']);
  });

  test('by a policy nobody anchored, or as of another time, it is refused', async () => {
    const here = await project();
    become(here, 'gate');
    for (const args of [
      ['verify', '--attest'],
      [...ATTEST, '--at', '2026-01-01'],
      ['verify', '--signer', 'gate'],
      [...ATTEST, '--signer', 'build'],
    ])
      expect([args, (await here.run(args)).status]).toEqual([args, 2]);
    expect(here.evidence().size).toBe(0);
  });

  test('a job that builds signs no verdict', async () => {
    const here = await project();
    await here.run(['sign']);
    const verify = await here.run(ATTEST);
    expect(verify).toMatchObject({ status: 1, stderr: expect.stringContaining('this run may not sign as gate') });
    expect(summaries(here)).toEqual([]);
  });

  test('what is inconclusive, pending, or only observed is not signed', async () => {
    const approvals = `    approvals: [{ role: security }]\n`;
    const pending = await project(approvals);
    await pending.run(['sign']);
    become(pending, 'gate');
    const waiting = await pending.run(ATTEST);
    expect([3, 4]).toContain(waiting.status);
    expect(waiting.stderr).toContain('1 of 1 verdicts are not signed');
    expect(summaries(pending)).toEqual([]);

    const until = new Date(Date.now() + 30 * 24 * 3600 * 1000).toISOString().slice(0, 10);
    const observed = await project(`    mode: observe\n    until: ${until}\n`);
    become(observed, 'gate');
    expect(await observed.run(ATTEST)).toMatchObject({ status: 0 });
    expect(summaries(observed)).toEqual([]);
  });
});
