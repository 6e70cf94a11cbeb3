import { spawnSync } from 'node:child_process';
import { existsSync, openSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createWorkspace, trialPolicy, type Workspace } from '@signwright/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createProgram } from './program.ts';

const COMMANDS = [
  'init',
  'trust init',
  'trust show',
  'trust add',
  'plan',
  'sign',
  'verify',
  'policy check',
  'policy explain',
  'policy schema',
  'bundle show',
  'bundle verify',
  'doctor',
];

let here: Workspace;
beforeAll(async () => {
  here = await createWorkspace({
    policy: trialPolicy('  - { match: "dist/**", tier: internal }'),
    files: Object.fromEntries(
      Array.from({ length: 4000 }, (_, at) => [`dist/a-rather-long-name-so-that-a-pipe-is-full/${at}`, '']),
    ),
  });
});
afterAll(() => here.remove());

describe.concurrent('the command line', () => {
  test.each(COMMANDS)('%s --help says what it is for and ends with an example that starts so', async (command) => {
    const { status, stdout, stderr } = await here.run([...command.split(' '), '--help']);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`Usage: signwright ${command}`);
    expect(stdout).toMatch(new RegExp(`\nExample:\n  \\$ signwright ${command}`));
  });

  test('lists every command, and what its exit codes mean', async () => {
    const { status, stdout } = await here.run(['--help']);
    expect(status).toBe(0);
    for (const command of COMMANDS) expect(stdout).toContain(`\n  ${command.split(' ')[0]} `);
    expect(stdout).toContain('3 inconclusive');
  });

  test('--version is the version of the package', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
    for (const flag of ['--version', '-V'])
      expect(await here.run([flag])).toEqual({ status: 0, signal: null, stdout: `${version}\n`, stderr: '' });
  });

  test.each([
    [['verfy'], 'Did you mean verify?'],
    [['verify', '--enviroment', 'test'], 'Did you mean --environment?'],
    [['trust', 'shw', 'x'], 'Did you mean show?'],
    [['verify', '--output', 'xml'], 'Allowed choices are text, json, junit, markdown, sarif'],
    [['bundle', 'verify', 'x'], '--bundle'],
    [['trust', 'show'], "missing required argument 'file'"],
    [['doctor', 'extra'], 'too many arguments'],
    [['plan', '--policy'], 'argument missing'],
  ])('%j is a usage error that says what was meant', async (args, says) => {
    const { status, stdout, stderr } = await here.run(args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(says);
    expect(stderr).not.toContain('defect');
  });

  test('without a command it shows its help and fails, so that a script notices', async () => {
    const { status, stdout, stderr } = await here.run([]);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain('Usage: signwright');
  });

  test('stays quiet when the reader of its output leaves', async () => {
    const { process: child, finished } = here.start(['plan']);
    child.stdout?.once('data', () => child.stdout?.destroy());
    const { status, signal, stderr } = await finished;
    expect([signal, stderr]).toEqual([null, '']);
    expect(status).toBe(0);
  });

  test('comes to its end when the reader of its notes leaves', async () => {
    const { process: child, finished } = here.start(['sign', '--no-sidecars']);
    child.stderr?.destroy();
    expect(await finished).toMatchObject({ status: 0, signal: null });
  });

  test.skipIf(!existsSync('/dev/full'))('says in one line that its output is lost, and is inconclusive', () => {
    const run = (command: string): { status: number | null; stderr: string } =>
      spawnSync(process.execPath, [fileURLToPath(new URL('../bin/signwright.cjs', import.meta.url)), command], {
        cwd: here.directory,
        stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
        encoding: 'utf8',
      });
    for (const command of ['plan', 'verify', 'doctor', '--help']) {
      const { status, stderr } = run(command);
      expect([command, status]).toEqual([command, 3]);
      expect(stderr).toMatch(/^error: the output could not be written: ENOSPC.*\n$/);
    }
  });

  test('until a command has come to its end, the exit code is that of a defect', async () => {
    const codes: number[] = [];
    const program = createProgram(new AbortController().signal, (code) => codes.push(code));
    await expect(program.parseAsync(['node', 'signwright', 'policy', 'check', here.path('none.yaml')])).rejects.toThrow();
    expect(codes).toEqual([70]);
  });

  test('help among other arguments is no success: a file may be called --help', async () => {
    for (const args of [
      ['verify', 'dist', '--help'],
      ['verify', '-h', 'dist'],
      ['policy', 'check', 'signwright.yaml', '--help'],
    ]) {
      const { status, stderr } = await here.run(args);
      expect([args, status]).toEqual([args, 2]);
      expect(stderr).toContain('put -- before files');
    }
    for (const name of ['--version', '-V'])
      expect(await here.run(['verify', 'dist', name])).toMatchObject({ status: 2, stdout: '' });
    for (const args of [
      ['help', 'verify'],
      ['policy', 'help', 'check'],
      ['verify', '-h'],
    ])
      expect(await here.run(args)).toMatchObject({ status: 0, stderr: '' });
  });

  test('names a missing policy, and how to write one', async () => {
    for (const command of ['plan', 'sign', 'verify', 'doctor']) {
      const { status, stdout, stderr } = await here.run([command, '--policy', 'none.yaml']);
      expect(status, command).toBe(2);
      expect(stdout + stderr, command).toContain('there is no policy at none.yaml');
      expect(stdout + stderr, command).toContain('"signwright init"');
    }
  });
});
