import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type Mocked, type MockOptions, runMocked } from '../tests/mock-task.ts';

const made: Mocked[] = [];
afterEach(() => {
  for (const { remove } of made.splice(0)) remove();
});
async function run(options: MockOptions): Promise<Mocked> {
  const mocked = await runMocked(options);
  made.push(mocked);
  return mocked;
}

const leaves = (files: Record<string, string>): string =>
  `const fs = require('node:fs'); fs.mkdirSync('signwright-reports');
   for (const [name, text] of Object.entries(${JSON.stringify(files)})) fs.writeFileSync('signwright-reports/' + name, text);`;
const allowed = JSON.stringify({ version: 1, exitCode: 0, result: 'allow', message: 'allowed' });
const seen = `${leaves({ 'result.json': allowed })} require('node:fs').writeFileSync('seen.json', JSON.stringify({ argv: process.argv.slice(2), env: process.env }));`;
const seenBy = ({ room }: Mocked): { argv: string[]; env: Record<string, string> } =>
  JSON.parse(readFileSync(join(room, 'work/seen.json'), 'utf8'));

test('the task hands on its inputs by the names of the table, and the job’s token', async () => {
  const token = {
    ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN: 'job-token-1',
  };
  const inputs = {
    command: 'sign',
    paths: 'a\nb',
    passphraseEnv: 'KEY',
    sidecars: 'True',
    serviceConnection: '5c6e7f80-1111-2222-3333-444455556666',
  };
  const mocked = await run({ program: seen, inputs, env: token, secrets: { KEY: 'passphrase-1' } });
  expect(mocked.runner.succeeded, mocked.runner.stdout + mocked.runner.stderr).toBe(true);
  expect(mocked.runner.stdout).toContain('##vso[task.complete result=Succeeded;]');
  const { argv, env } = seenBy(mocked);
  expect(argv).toEqual(['job', 'sign']);
  expect(JSON.parse(env['SIGNWRIGHT_INPUTS'] ?? '')).toEqual({ paths: 'a\nb', 'passphrase-env': 'KEY', sidecars: 'true' });
  expect(env).toMatchObject({
    SYSTEM_ACCESSTOKEN: 'job-token-1',
    SIGNWRIGHT_SERVICE_CONNECTION: inputs.serviceConnection,
    KEY: 'passphrase-1',
  });
  for (const secret of ['job-token-1', 'passphrase-1']) expect(mocked.runner.stdout).toContain(`##vso[task.setsecret]${secret}`);
});

test('a passphrase from the environment is in no line but the one that masks it', async () => {
  const { runner } = await run({
    program: seen,
    inputs: { command: 'sign', passphraseEnv: 'KEY' },
    env: { KEY: 'passphrase-1' },
  });
  const lines = runner.stdout.split(/\r?\n/).filter((line) => line.includes('passphrase-1'));
  expect(new Set(lines)).toEqual(new Set(['##vso[task.setsecret]passphrase-1']));
});

test.each([1, 2, 3, 4, 70])('exit code %d fails the task, never with issues alone', async (exitCode) => {
  const lying = leaves({ 'result.json': JSON.stringify({ version: 1, exitCode: 0, result: 'allow', message: 'all is well' }) });
  const { runner } = await run({ program: `${lying} process.exitCode = ${exitCode};`, inputs: { command: 'verify' } });
  expect([runner.failed, runner.stdout.includes('SucceededWithIssues'), runner.stdout.includes('all is well')]).toEqual([
    true,
    false,
    false,
  ]);
  expect(runner.stdout).toContain('##vso[task.complete result=Failed;]');
  expect(runner.stdout).toContain(`##vso[task.setvariable variable=exitCode;isOutput=true;issecret=false;]${exitCode}`);
});

test('exit code 0 of a command that said nothing fails the task', async () => {
  const { runner } = await run({ program: '', inputs: { command: 'verify' } });
  expect(runner.failed).toBe(true);
  expect(runner.stdout).toContain(
    '##vso[task.complete result=Failed;]signwright verify: error: the command ended without saying what it came to',
  );
  expect(runner.stdout).toContain('##vso[task.setvariable variable=exitCode;isOutput=true;issecret=false;]70');
});

test('what was decided is in the issues, the summary and the outputs', async () => {
  const request = `sha256:${'ab'.repeat(32)}`;
  const result = {
    version: 1,
    exitCode: 4,
    result: 'pending',
    message: 'ann is missing]; x=y %0A',
    next: 'ask ann',
    resume: 'https://x.example/7',
    request,
  };
  const problem = (level: string, uri: string) => ({
    ruleId: 'missing',
    level,
    message: { text: `${uri}: 50%` },
    locations: [{ physicalLocation: { artifactLocation: { uri } } }],
  });
  const results = [problem('error', 'a;b]'), problem('warning', 'c'), problem('note', 'd')];
  const files = {
    'result.json': JSON.stringify(result),
    'summary.md': '# why\n',
    'results.sarif': JSON.stringify({ runs: [{ results }] }),
  };
  const { runner, room } = await run({ program: `${leaves(files)} process.exitCode = 4;`, inputs: { command: 'verify' } });
  expect(runner.stdout).toContain('##vso[task.logissue type=error;code=missing;sourcepath=a%3Bb%5D;]a;b]: 50%AZP25');
  expect(runner.stdout).toContain('##vso[task.logissue type=warning;code=missing;sourcepath=c;]c: 50%AZP25');
  expect(runner.stdout).toContain('\nd: 50%\n');
  expect(runner.stdout).toContain(
    '##vso[task.complete result=Failed;]signwright verify: pending: ann is missing]; x=y %AZP250A%0A→ ask ann%0Athen run the failed stage again: https://x.example/7',
  );
  expect(runner.stdout).toContain(`##vso[task.setvariable variable=request;isOutput=true;issecret=false;]${request}`);
  const summary = /##vso\[task\.uploadsummary\](.*)/.exec(runner.stdout)?.[1] ?? '';
  expect(summary).toMatch(new RegExp(`^${room}.*/Signwright verify\\.md$`));
  expect(readFileSync(summary, 'utf8')).toBe('# why\n');
});

test('what the command prints is no command of the agent', async () => {
  const { runner } = await run({
    program: `console.log('x ##vso[task.setvariable variable=PATH]/evil'); process.exitCode = 1;`,
    inputs: { command: 'plan' },
  });
  expect(runner.stdout).toContain('x # #vso[task.setvariable variable=PATH]/evil');
  expect(runner.failed).toBe(true);
});

test('a command that is none is refused, and nothing is run', async () => {
  const mocked = await run({ program: seen, inputs: { command: '--help' } });
  expect(mocked.runner.errorIssues).toEqual([
    'the input command is none of plan, sign, request-approval, verify, drill: name one of them',
  ]);
  expect([mocked.runner.failed, existsSync(join(mocked.room, 'work/seen.json'))]).toEqual([true, false]);
});
