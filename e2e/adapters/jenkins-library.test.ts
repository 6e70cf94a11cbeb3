import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createPeopleWorkspace, createWorkspace, type PeopleWorkspace, trialPolicy, type Workspace } from '@signwright/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JobResult } from '../../packages/apps/cli/src/job/result.ts';
import { describePeer } from '../peers.ts';
import { CLI, variablesOf } from './drive-jenkins.ts';
import { type Build, type Built, build, LIBRARY, runPeer } from './jenkins-build.ts';

const SNIPPETS = resolve(import.meta.dirname, 'jenkins');

const made: Workspace[] = [];
afterAll(() => {
  for (const workspace of made) workspace.remove();
});

async function project(): Promise<Workspace> {
  const policy = trialPolicy('  - { match: "dist/**", tier: internal }');
  const here = await createWorkspace({ policy, files: { 'dist/app.tgz': 'app' } });
  made.push(here);
  return here;
}

/** Runs a pipeline script in a workspace, in a job of its own branch. */
function pipeline(here: Workspace, script: string, more: Partial<Build> = {}): Promise<Built> {
  const variables = { ...variablesOf({ command: 'verify' }), ...more.variables };
  return build({ workspace: here.directory, script, ...more, variables });
}

const onNode = (call: string): string => `node('') { ${call} }\nnode('') { sh 'touch deployed' }\n`;
const resultIn = (here: Workspace): JobResult => JSON.parse(here.read('signwright-reports/result.json'));

/** An anchor of the policy as it is. */
async function anchorOf(here: Workspace): Promise<string> {
  const { stdout } = await here.run(['policy', 'check']);
  return `policy-sha256: ${/sha256:([0-9a-f]{64})/.exec(stdout)?.[1]}`;
}

describePeer(['mvn', 'java'], 'the Jenkins library, on its own', () => {
  test('does in each step and each error what its tests say', { timeout: 600_000 }, async () => {
    await runPeer('mvn', ['-B', '-q', 'test']);
    const reports = readdirSync(resolve(LIBRARY, 'target/surefire-reports')).filter((name) => name.endsWith('.txt'));
    expect(reports.length).toBeGreaterThanOrEqual(5);
  });
});

describePeer(['npm-groovy-lint', 'java'], 'the Jenkins library, as its linter reads it', () => {
  test('has nothing to say of the library, its tests and what people copy', { timeout: 600_000 }, async () => {
    const args = ['--noserver', '--failon', 'info', '--config', '.', 'vars', 'src', 'test', SNIPPETS];
    const said = await runPeer('npm-groovy-lint', args);
    expect(said).toMatch(/results in \S*2\d\S* linted files/);
  });
});

describePeer(['mvn', 'java'], 'the Jenkins library, with the real command', () => {
  test('hostile values are names of files that are not there, and nothing else', async () => {
    const here = await project();
    const hostile = [
      `"; touch owned; "`,
      `'; touch owned; '`,
      '$(touch owned)',
      '`touch owned`',
      `\${SIGNWRIGHT_ID_TOKEN}`,
      '%0A##vso[task.complete result=Succeeded]',
      '$[[ inputs.x ]]',
      '"""+"owned".execute()+"""',
    ];
    for (const value of [hostile.join('\n'), ...hostile.slice(0, 3)]) {
      const literal = value.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n');
      const built = await pipeline(here, onNode(`signwrightPlan(paths: '${literal}')`));
      expect([built.succeeded, here.has('deployed'), here.has('owned')], built.log).toEqual([false, false, false]);
      expect(resultIn(here), built.log).toMatchObject({
        result: 'error',
        exitCode: 2,
        message: expect.stringContaining('touch owned'),
      });
    }
  });

  test('names of hostile files forge no line of the log', async () => {
    const here = await project();
    here.write('dist/a\n##vso[task.complete result=Succeeded]\u001b[8mha:x', 'x');
    const built = await pipeline(here, onNode('signwrightPlan()'));
    expect(built.log).not.toMatch(/^##vso/m);
    expect(built.log).not.toMatch(/\u001b/);
  });

  test('programs in the workspace are not run, whatever they are called', async () => {
    const here = await project();
    for (const name of ['node', 'signwright', 'npx', 'git', 'rm']) {
      here.write(`node_modules/.bin/${name}`, '#!/bin/sh\ntouch owned\n', 0o755);
      here.write(name, '#!/bin/sh\ntouch owned\n', 0o755);
    }
    here.write('node_modules/canonicalize/index.js', `require('fs').writeFileSync('owned', '')`);
    here.write('hostile.cjs', `require('fs').writeFileSync('owned', '')`);
    const variables = { NODE_OPTIONS: `--require ${here.path('hostile.cjs')}`, NODE_PATH: here.path('node_modules') };
    const built = await pipeline(here, onNode('signwrightPlan()'), { variables });
    expect([built.succeeded, here.has('deployed'), here.has('owned')], built.log).toEqual([true, true, false]);
  });

  test('another command than the one that is named does not run', async () => {
    const here = await project();
    const call = `withSignwright(cli: '${CLI}', sha256: '${'0'.repeat(64)}') { signwrightPlan() }`;
    const built = await pipeline(here, onNode(call));
    expect([built.succeeded, here.has('deployed')], built.log).toEqual([false, false]);
    expect(built.log).toContain('is not the command that was to run');
    expect(built.log).toMatch(/ERROR: signwrightPlan: the command ended before it could say why \(exit code 1\)/);
  });

  test('a command that is not there, or cannot be reached, stops', async () => {
    const here = await project();
    const sha256 = createHash('sha256').update('nowhere').digest('hex');
    const missing = await pipeline(here, onNode(`signwrightPlan(cli: '/nowhere/signwright.cjs', sha256: '${sha256}')`));
    expect([missing.succeeded, missing.variables['SIGNWRIGHT_EXIT_CODE']], missing.log).toEqual([false, '2']);
    expect(missing.log).toContain('/nowhere/signwright.cjs cannot be read: ENOENT');
    const away = await pipeline(here, onNode(`signwrightPlan(cli: 'https://127.0.0.1:9/signwright.cjs', sha256: '${sha256}')`));
    expect([away.succeeded, away.variables['SIGNWRIGHT_EXIT_CODE']], away.log).toEqual([false, '3']);
    expect(here.has('deployed')).toBe(false);
  });

  test('what an earlier step left is not taken for what this one found', async () => {
    const here = await project();
    const before = JSON.stringify({
      version: 1,
      command: 'verify',
      result: 'allow',
      exitCode: 2,
      message: 'old',
      approvals: [],
      files: [],
    });
    here.write('signwright-reports/result.json', before);
    const built = await pipeline(here, onNode(`signwrightPlan(cli: '/nowhere', sha256: '${'0'.repeat(64)}')`));
    expect(built.log).toContain('ended before it could say why (exit code 2)');
    expect(built.log).not.toContain('old');
  });

  test('the policy of a fork is not the one that is pinned', async () => {
    const here = await project();
    const anchor = await anchorOf(here);
    here.write('signwright.yaml', here.read('signwright.yaml').replace('dist/**', 'nothing/**'));
    const variables = { CHANGE_ID: '7', CHANGE_FORK: 'mallory', BRANCH_NAME: 'PR-7', SIGNWRIGHT_ANCHOR: anchor };
    const built = await pipeline(here, onNode('signwrightVerify()'), { variables });
    expect([built.succeeded, here.has('deployed')], built.log).toEqual([false, false]);
    expect(resultIn(here)).toMatchObject({ result: 'error', exitCode: 2 });
  });

  test('a secret that is bound is masked, wherever it turns up', async () => {
    const here = await project();
    const built = await pipeline(here, onNode(`signwrightPlan(credentialsId: 'oidc', paths: 'eyJ-not-to-be-seen')`), {
      credentials: { oidc: 'eyJ-not-to-be-seen' },
    });
    expect(built.log).toContain('****');
    expect(built.log).not.toContain('eyJ-not-to-be-seen');
  });
});

describePeer(['mvn', 'java'], 'the pipelines people copy for Jenkins', () => {
  const snippet = (name: string): string => readFileSync(resolve(SNIPPETS, name), 'utf8');
  const APPROVE = `set -e
id=$(sed -n 's/^SIGNWRIGHT_REQUEST=//p' signwright-reports/outputs.env)
node "$SIGNWRIGHT_CLI" approve "$id" --key keys/cleo --yes
node "$SIGNWRIGHT_CLI" audit sequence`;
  let here: PeopleWorkspace;
  let variables: Record<string, string>;

  beforeAll(async () => {
    const files = { build: '#!/bin/sh\nmkdir -p dist && echo app > dist/app.tgz\n', deploy: '#!/bin/sh\ntouch deployed\n' };
    here = await createPeopleWorkspace({ approvals: '[security]', files });
    made.push(here);
    for (const [name, text] of Object.entries(files)) here.write(name, text, 0o755);
    // The trial's certificates are for development, which no other environment of the example allows.
    const policy = here
      .read('signwright.yaml')
      .replace('production: {}', 'production: { allow-development: true }')
      .replace('tier: approved }', 'tier: { default: internal, production: approved } }');
    writeFileSync(here.path('signwright.yaml'), policy);
    for (const name of ['build', 'deploy']) writeFileSync(here.path(name), files[name as keyof typeof files], { mode: 0o755 });
    variables = { SIGNWRIGHT_ANCHOR: await anchorOf(here) };
  });

  test('release.groovy waits for signatures and deploys nothing without them', async () => {
    const built = await pipeline(here, snippet('release.groovy'), { variables, credentials: { signwright: 'none' } });
    expect([built.succeeded, here.has('deployed')], built.log).toEqual([false, false]);
    expect(built.log).toMatch(/waiting for signatures for production: 1 × security\n {2}→ signwright approve sha256:/);
    expect(built.log).toContain('Timeout has been exceeded');
  });

  test('release.groovy goes on by itself once they are there', async () => {
    const asleep = ['/bin/sh', '-c', APPROVE];
    const built = await pipeline(here, snippet('release.groovy'), { variables, credentials: { signwright: 'none' }, asleep });
    expect([built.succeeded, here.has('deployed')], built.log).toEqual([true, true]);
    expect(built.variables).toMatchObject({ SIGNWRIGHT_RESULT: 'allow', SIGNWRIGHT_EXIT_CODE: '0' });
  });

  test('deploy-job.groovy deploys what was approved, and nothing that was changed since', async () => {
    writeFileSync(here.path('deploy'), '#!/bin/sh\ntest -n "$DEPLOY_TOKEN" && touch deployed-again\n', { mode: 0o755 });
    const credentials = { deploy: 'only in this folder' };
    const allowed = await pipeline(here, snippet('deploy-job.groovy'), { variables, credentials });
    expect([allowed.succeeded, here.has('deployed-again')], allowed.log).toEqual([true, true]);
    here.write('dist/app.tgz', 'another');
    writeFileSync(here.path('deploy'), '#!/bin/sh\ntouch deployed-wrongly\n', { mode: 0o755 });
    const denied = await pipeline(here, snippet('deploy-job.groovy'), { variables, credentials });
    expect([denied.succeeded, here.has('deployed-wrongly')], denied.log).toEqual([false, false]);
  });
});
