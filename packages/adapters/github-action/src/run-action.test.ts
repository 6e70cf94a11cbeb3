import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runAction } from './run-action.ts';

const LAUNCHER = fileURLToPath(new URL('../../launcher/launch.cjs', import.meta.url));

let room: string;
beforeEach(() => {
  room = mkdtempSync(join(tmpdir(), 'signwright-action-'));
  mkdirSync(join(room, 'work'));
  copyFileSync(LAUNCHER, join(room, 'launch.cjs'));
});
afterEach(() => rmSync(room, { recursive: true, force: true }));

/** Runs the action where the command line is a program of these lines. */
async function run(program: string, inputs: Record<string, string> = { COMMAND: 'verify' }, env: Record<string, string> = {}) {
  writeFileSync(join(room, 'signwright.cjs'), program);
  let log = '';
  const given = Object.entries(inputs).map(([name, value]) => [`INPUT_${name}`, value]);
  const exitCode = await runAction({
    directory: room,
    sha256: createHash('sha256').update(program).digest('hex'),
    workingDirectory: join(room, 'work'),
    environment: {
      PATH: '/usr/bin:/bin',
      SIGNWRIGHT_CACHE: join(room, 'cache'),
      GITHUB_OUTPUT: join(room, 'output'),
      GITHUB_STEP_SUMMARY: join(room, 'summary'),
      ...Object.fromEntries(given),
      ...env,
    },
    write: (text) => {
      log += text;
    },
  });
  const read = (name: string): string => (existsSync(join(room, name)) ? readFileSync(join(room, name), 'utf8') : '');
  return { exitCode, log, output: read('output'), summary: read('summary') };
}

const leaves = (files: Record<string, string>): string =>
  `const fs = require('node:fs'); fs.mkdirSync('signwright-reports');
   for (const [name, text] of Object.entries(${JSON.stringify(files)})) fs.writeFileSync('signwright-reports/' + name, text);`;
const denied = {
  version: 1,
  exitCode: 1,
  result: 'deny',
  message: 'dist/a: not signed',
  next: 'sign it',
  resume: 'https://x.example/7',
};

test('a step that is denied says why, in the log, the summary and the outputs, and ends as the command did', async () => {
  const problem = {
    ruleId: 'missing',
    level: 'error',
    message: { text: 'no' },
    locations: [{ physicalLocation: { artifactLocation: { uri: 'dist/a%2Cb' } } }],
  };
  const files = {
    'result.json': JSON.stringify(denied),
    'summary.md': '# why\n',
    'results.sarif': JSON.stringify({ runs: [{ results: [problem] }] }),
  };
  const { exitCode, log, output, summary } = await run(`${leaves(files)} console.log('as text'); process.exitCode = 1;`);
  expect(exitCode).toBe(1);
  expect(log.split('\n')).toEqual([
    expect.stringMatching(/^::stop-commands::/),
    'as text',
    expect.stringMatching(/^::[0-9a-f-]{36}::$/),
    '::error title=signwright%3A missing,file=dist/a%2Cb::no',
    '::error title=signwright verify%3A deny::dist/a: not signed%0A→ sign it%0Athen run it again: https://x.example/7',
    '',
  ]);
  expect(summary).toBe('# why\n\n');
  expect(output).toMatch(
    /^result<<(\S+)\ndeny\n\1\nexit-code<<(\S+)\n1\n\2\nrequest<<(\S+)\n\n\3\nreports<<(\S+)\nsignwright-reports\n\4\n$/,
  );
});

test('exit code 0 of a command that said nothing fails the step', async () => {
  const { exitCode, log, output } = await run('');
  expect(exitCode).toBe(70);
  expect(log).toContain('::error title=signwright verify%3A error::the command ended without saying what it came to');
  expect(output).toContain('\n70\n');
});

test('what is printed cannot be a command, even where it ends without a line', async () => {
  const { log } = await run(
    `process.stdout.write('::set-output name=result::allow\\n##[error]x\\n::stop-commands::x'); process.exitCode = 70;`,
  );
  const lines = log.split('\n');
  const word = lines[0]?.replace('::stop-commands::', '');
  expect(lines.slice(1)).toEqual([
    '::set-output name=result::allow',
    '# #[error]x',
    '::stop-commands::x',
    `::${word}::`,
    expect.stringMatching(/^::error /),
    '',
  ]);
});

test('secrets are masked before anything else is written', async () => {
  const inputs = { COMMAND: 'sign', 'PASSPHRASE-ENV': 'KEY', POLICY: 'https://ann:opensesame@git.example/p.git' };
  const { log } = await run('', inputs, { KEY: 'two%\nlines', GITHUB_TOKEN: 'ghs_123456' });
  expect(log.split('\n').slice(0, 5)).toEqual([
    '::add-mask::two%25',
    '::add-mask::lines',
    '::add-mask::ghs_123456',
    '::add-mask::opensesame',
    expect.stringMatching(/^::stop-commands::/),
  ]);
});

test('a summary is cut where GitHub would refuse it, between lines', async () => {
  const files = {
    'result.json': JSON.stringify({ ...denied, exitCode: 0, result: 'allow' }),
    'summary.md': `${'é'.repeat(99)}\n`.repeat(8000),
  };
  const { summary } = await run(leaves(files));
  expect(Buffer.byteLength(summary)).toBeLessThan(1024 * 1024);
  expect(Buffer.byteLength(summary)).toBeGreaterThan(1000 * 1024);
  expect(summary).toMatch(/é\n\nThis is not all: the rest is in summary\.md of the reports\.\n$/);
  expect(summary).not.toContain('\uFFFD');
});

test('few of many problems are shown, and how many more there are', async () => {
  const results = Array.from({ length: 40 }, (_, at) => ({ ruleId: 'missing', level: 'error', message: { text: `no ${at}` } }));
  const files = { 'result.json': JSON.stringify(denied), 'results.sarif': JSON.stringify({ runs: [{ results }] }) };
  const { log } = await run(`${leaves(files)} process.exitCode = 1;`);
  expect(log.match(/^::error /gm)).toHaveLength(10);
  expect(log).toContain('::notice title=signwright::31 more in results.sarif of the reports');
});

test.each([
  [
    { COMMAND: 'publish' },
    /^::error title=Signwright::the input command is none of plan, sign, request-approval, verify, drill: name one of them$/m,
  ],
  [{}, /none of plan/],
  [{ COMMAND: 'verify', PATHS: 'x'.repeat(200_000) }, /longer than/],
])('a step that cannot be run says what to do: %#', async (inputs, said) => {
  const { exitCode, log, output } = await run(`require('node:fs').writeFileSync('ran', '')`, inputs);
  expect([exitCode, log, output]).toEqual([2, expect.stringMatching(said), '']);
  expect(existsSync(join(room, 'work/ran'))).toBe(false);
});

test('what goes wrong in the action itself is a failure too', async () => {
  const { exitCode, log } = await run('', { COMMAND: 'plan' }, { GITHUB_OUTPUT: join(room, 'no/such/folder') });
  expect([exitCode, log]).toEqual([70, expect.stringContaining('::error title=Signwright::a defect of the action')]);
});
