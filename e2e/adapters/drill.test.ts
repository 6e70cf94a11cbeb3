import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DrillReport } from '@signwright/report';
import { createWorkspace, testKeys, type Workspace } from '@signwright/testkit';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { describePeer } from '../peers.ts';
import { expandPipeline } from './azure-template.ts';
import type { Drive } from './drive.ts';
import { driveAzure } from './drive-azure.ts';
import { driveGithub } from './drive-github.ts';
import { driveGitlab } from './drive-gitlab.ts';
import { driveJenkins, variablesOf } from './drive-jenkins.ts';
import { CLI, cliSha256, runPipeline } from './gitlab/run-pipeline.ts';
import { build } from './jenkins-build.ts';

// Drills on a schedule, through every adapter, and the pipelines people copy for them.

const DRIVES: readonly Drive[] = [driveGitlab, driveJenkins, driveAzure, driveGithub];
const LONG = { timeout: 300_000 };
const made: Workspace[] = [];
afterAll(() => {
  for (const workspace of made) workspace.remove();
});

/** A project whose policy keeps no record, which a drill finds. */
async function project(files: Readonly<Record<string, string>> = {}): Promise<Workspace> {
  const { privateKey, publicKey } = testKeys();
  const policy = `version: 1
trust: { root: .signwright/trial/trusted-root.json, timestamp: { urls: [https://tsa.signwright.invalid] } }
environments: { production: {} }
signers: { build: { keys: [{ ref: keys/build.pem, public-key: keys/build.pub }] } }
tiers: { internal: { signatures: [build] } }
artifacts: [{ match: "dist/**", tier: internal }]
`;
  const keys = {
    'keys/build.pem': privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    'keys/build.pub': publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
  const here = await createWorkspace({ policy, files: { ...keys, ...files } });
  made.push(here);
  return here;
}

const reportIn = (text: string | undefined): DrillReport => JSON.parse(text ?? '{}') as DrillReport;
const inputs = { environment: 'production', scenarios: 'tsa-down\naudit-store-full' };

describe.each(DRIVES)('a drill on $platform ($on)', (drive) => {
  test('fails the step where a control lets something through, and leaves the report', LONG, async () => {
    const ran = await drive.run(await project(), { command: 'drill', inputs });
    expect([ran.succeeded, ran.deployed], ran.log).toEqual([false, false]);
    const { artifacts } = reportIn(ran.report('drill.json'));
    expect(artifacts[0]?.scenarios.map(({ scenario, verdict }) => [scenario, verdict])).toEqual([
      ['tsa-down', 'passed'],
      ['audit-store-full', 'failed'],
    ]);
    expect(ran.report('junit.xml')).toContain('<failure');
    expect(JSON.parse(ran.report('result.json') ?? '{}')).toMatchObject({
      result: 'deny',
      message: 'the drill failed: audit-store-full',
    });
  });

  test('passes where every control holds', LONG, async () => {
    const ran = await drive.run(await project(), { command: 'drill', inputs: { ...inputs, scenarios: 'tsa-down' } });
    expect(ran.succeeded, ran.log).toBe(true);
  });
});

const snippet = (name: string): string => readFileSync(join(import.meta.dirname, name), 'utf8');

describePeer(['gitlab-ci-local', 'rsync'], 'drill-ci.yml, which people copy', () => {
  test('rehearses in scheduled pipelines alone', LONG, async () => {
    const yaml = snippet('gitlab/drill-ci.yml').replace(
      /^ {6}environment: production$/m,
      (line) => `${line}\n      scenarios: tsa-down\n      cli: ${CLI}\n      cli-sha256: '${cliSha256()}'`,
    );
    const scheduled = await runPipeline(await project(), yaml, { isolated: true, variables: { CI_PIPELINE_SOURCE: 'schedule' } });
    expect([scheduled.status, scheduled.passed], scheduled.log).toEqual([0, ['signwright-drill']]);
    const pushed = await runPipeline(await project(), yaml, { isolated: true });
    expect(pushed.passed).toEqual([]);
  });
});

describePeer(['mvn', 'java'], 'drill.groovy, which people copy', () => {
  test('fails the build where a control lets something through', LONG, async () => {
    const here = await project();
    const script = snippet('jenkins/drill.groovy').replace("'production')", "'production', scenarios: 'audit-store-full')");
    const built = await build({ workspace: here.directory, script, variables: variablesOf({ command: 'drill' }) });
    expect(built.succeeded, built.log).toBe(false);
    expect(built.log).toContain('the drill failed: audit-store-full');
  });
});

test('the pipeline people copy for Azure DevOps is the task, with what the template hands on', () => {
  const steps = (
    expandPipeline(join(import.meta.dirname, 'azure-devops/drill.yml')) as { steps: { task: string; inputs: object }[] }
  ).steps;
  expect(steps.map(({ task }) => task)).toEqual(['Signwright@1', 'PublishTestResults@2']);
  expect(steps[0]?.inputs).toMatchObject({ command: 'drill', environment: 'production', reportSigner: '', scenarios: '' });
});

test('the workflow people copy for GitHub gives the action inputs that it has', () => {
  const workflow = parse(snippet('github/drill.yml')) as { jobs: { drill: { steps: { uses: string; with?: object }[] } } };
  const action = parse(readFileSync(join(import.meta.dirname, '../../packages/adapters/github-action/action.yml'), 'utf8')) as {
    inputs: object;
  };
  const step = workflow.jobs.drill.steps.find(({ uses }) => uses.includes('signwright-action'));
  expect(Object.keys(action.inputs)).toEqual(expect.arrayContaining(Object.keys(step?.with ?? {})));
});

describe('what certificates need on a schedule', () => {
  const pages = ['gitlab/certificates-ci.yml', 'jenkins/certificates.groovy', 'azure-devops/certificates.yml'];
  const commandsIn = (name: string): string[] =>
    [...snippet(name).matchAll(/signwright (cert [a-z-]+(?: --?[a-z-]+| crl)*)/g)].map(([, args = '']) => args.trim());

  test('is the same on every platform', () => {
    const [first, ...others] = pages.map(commandsIn);
    expect(first).toEqual(['cert renew --all', 'cert crl --if-due --out crl', 'cert alerts --ci']);
    for (const one of others) expect(one).toEqual(first);
  });

  test('is what the command takes', LONG, async () => {
    const here = await project();
    for (const args of commandsIn(pages[0] as string)) {
      // The policy has no certificates: whatever is said of that, none of the words is unknown.
      const { stderr } = await here.run(args.split(' '));
      expect(stderr).not.toMatch(/unknown (option|command)|missing/);
    }
  });
});
