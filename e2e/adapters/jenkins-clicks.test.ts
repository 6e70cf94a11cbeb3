import { execFileSync } from 'node:child_process';
import {
  createWorkspace,
  type FakeJenkins,
  JENKINS_JOB,
  JENKINS_TOKEN,
  JENKINS_USER,
  jenkinsApprover,
  jenkinsBuild,
  jenkinsUserCause,
  startFakeJenkins,
  type Workspace,
} from '@signwright/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describePeer } from '../peers.ts';
import { variablesOf } from './drive-jenkins.ts';
import { type Built, build } from './jenkins-build.ts';

// People click in Jenkins, a verifier asks Jenkins who did, and the command decides.

const TRIAL = 'https://trial.signwright.invalid';
const BUILD = 41;
const PIPELINE = `signwrightApprove(paths: 'dist')
node('') {
    signwrightVerify(paths: 'dist', collect: true)
    sh 'touch deployed'
}
`;

let here: Workspace;
let jenkins: FakeJenkins;
let commit: string;
let variables: Record<string, string>;

/** The build, as Jenkins tells of it once these people have proceeded at its inputs. */
function clicked(...accounts: string[]): void {
  jenkins.builds.set(String(BUILD), jenkinsBuild(BUILD, [commit], [jenkinsUserCause('dave')], accounts.map(jenkinsApprover)));
}

function pipeline(...answers: string[]): Promise<Built> {
  return build({ workspace: here.directory, script: PIPELINE, variables, answers });
}

/** From now on this is a job that builds, or the verifier's. */
function become(repository: 'app' | 'gate'): void {
  const file = '.signwright/trial/identity.json';
  here.write(
    file,
    JSON.stringify({ ...JSON.parse(here.read(file)), repository: `${TRIAL}/acme/${repository}`, sha: commit }),
    0o600,
  );
}

describePeer(['mvn', 'java'], 'approvals by a click in Jenkins', () => {
  beforeAll(async () => {
    jenkins = await startFakeJenkins();
    here = await createWorkspace({ files: { 'dist/a.bin': 'a' } });
    const init = await here.run(['audit', 'init', '--name', 'log.example/test', '--key', 'keys/log.pem']);
    here.write('signwright.yaml', policy(/verifier-keys: \["(.+)"\]/.exec(init.stdout)?.[1] ?? ''));
    const git = (...args: string[]): string => execFileSync('git', ['-C', here.directory, ...args], { encoding: 'utf8' }).trim();
    git('init', '--quiet', '--initial-branch=main');
    git('-c', 'user.name=dave', '-c', 'user.email=dave@acme.example', 'commit', '--quiet', '--allow-empty', '-m', 'change');
    commit = git('rev-parse', 'HEAD');
    become('app');
    const signed = await here.run(['sign']);
    expect(signed, signed.stderr).toMatchObject({ status: 0 });
    become('gate');
    const { stdout } = await here.run(['policy', 'check']);
    variables = {
      ...variablesOf({ command: 'verify' }),
      SIGNWRIGHT_ANCHOR: `policy-sha256: ${/sha256:([0-9a-f]{64})/.exec(stdout)?.[1]}`,
      JENKINS_URL: `http://${jenkins.host}/`,
      JOB_NAME: JENKINS_JOB,
      BUILD_NUMBER: String(BUILD),
      SIGNWRIGHT_JENKINS_USER: JENKINS_USER,
      SIGNWRIGHT_JENKINS_TOKEN: JENKINS_TOKEN,
    };
  });

  afterAll(async () => {
    here?.remove();
    await jenkins?.close();
  });

  test('an administrator who answers in place of a person of the policy does not open the gate', async () => {
    clicked('admin');
    const built = await pipeline('admin', 'admin', 'admin');
    expect([built.succeeded, here.has('deployed')], built.log).toEqual([false, false]);
    expect(built.log).toContain('answers came from accounts that may not approve');
  });

  test('answers that Jenkins itself does not tell of are pending, whatever the gate was told', async () => {
    clicked('ann');
    const built = await pipeline('ann', 'bob');
    expect([built.succeeded, here.has('deployed')], built.log).toEqual([false, false]);
    expect(built.variables).toMatchObject({ SIGNWRIGHT_RESULT: 'pending', SIGNWRIGHT_EXIT_CODE: '4' });
  });

  test('two people of the policy proceed, Jenkins tells of both, and the deployment runs', async () => {
    clicked('ann', 'bob');
    const built = await pipeline('bob', 'ann');
    expect([built.succeeded, here.has('deployed')], built.log).toEqual([true, true]);
    expect(built.variables).toMatchObject({ SIGNWRIGHT_RESULT: 'allow', SIGNWRIGHT_EXIT_CODE: '0' });
    expect(built.log).not.toContain(JENKINS_TOKEN);
  });

  test('a build after it asks nobody again', async () => {
    const built = await pipeline();
    expect(built.succeeded, built.log).toBe(true);
    expect(built.log).not.toContain('Input requested');
  });
});

function policy(logKey: string): string {
  return `version: 1
trust: { root: .signwright/trial/trusted-root.json, timestamp: { trial: .signwright/trial } }
environments: { default: { allow-development: true } }
people: { ann: { jenkins: ann }, bob: { jenkins: bob }, cleo: { jenkins: cleo } }
roles: { security: [ann, bob, cleo] }
workloads:
  ci: { issuer: "${TRIAL}", repository: "${TRIAL}/acme/app" }
  gates: { issuer: "${TRIAL}", repository: "${TRIAL}/acme/gate" }
signers:
  build: { certificate: { trial: .signwright/trial }, workloads: [ci] }
  gate: { certificate: { trial: .signwright/trial }, workloads: [gates] }
verifiers: [{ id: "https://cd.acme.example/gate", by: gate }]
tiers:
  closed: { signatures: [build], audit: required, approvals: [{ role: security, kind: platform, count: 2 }] }
artifacts:
  - { match: "dist/**", tier: closed }
audit: { log: log, key: keys/log.pem, persistent: true, verifier-keys: ["${logKey}"] }
`;
}
