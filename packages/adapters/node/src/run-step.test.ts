import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { givenInputs, Refused } from './inputs.ts';
import { problemsIn } from './problems.ts';
import { type Ran, runStep } from './run-step.ts';

const LAUNCHER = fileURLToPath(new URL('../../launcher/launch.cjs', import.meta.url));
const SILENT = 'the command ended without saying what it came to';

let room: string;
let printed: string;
beforeEach(() => {
  room = mkdtempSync(join(tmpdir(), 'signwright-step-'));
  printed = '';
  mkdirSync(join(room, 'work'));
  mkdirSync(join(room, 'action'));
  copyFileSync(LAUNCHER, join(room, 'action/launch.cjs'));
});
afterEach(() => rmSync(room, { recursive: true, force: true }));

type Told = {
  readonly command?: string;
  readonly inputs?: Record<string, string>;
  readonly env?: Record<string, string>;
  readonly sha256?: string;
};

/** Runs a step whose command line is a program of these lines. */
function run(program: string, { command = 'verify', inputs = {}, env = {}, sha256 }: Told = {}): Promise<Ran> {
  writeFileSync(join(room, 'action/signwright.cjs'), program);
  return runStep({
    command,
    inputs,
    directory: join(room, 'action'),
    sha256: sha256 ?? createHash('sha256').update(program).digest('hex'),
    workingDirectory: join(room, 'work'),
    environment: { PATH: '/usr/bin:/bin', SIGNWRIGHT_CACHE: join(room, 'cache'), ...env },
    print: (text) => {
      printed += text;
    },
  });
}

const writes = (result: object, folder = 'signwright-reports'): string => `
  const { mkdirSync, writeFileSync } = require('node:fs');
  mkdirSync(${JSON.stringify(folder)}, { recursive: true });
  writeFileSync(${JSON.stringify(`${folder}/result.json`)}, JSON.stringify(${JSON.stringify({ version: 1, ...result })}));
`;
const allows = writes({ exitCode: 0, result: 'allow' });
const ends = (exitCode: number): string => `process.exitCode = ${exitCode};`;

describe('a step', () => {
  test('hands inputs on through the environment alone, and takes what Node would run first out of it', async () => {
    const hostile = { paths: 'a"b\n$(touch x)\n`y`;\r%0A##vso[x]', environment: '$[[ x ]]' };
    const env = { NODE_OPTIONS: '--require ./evil.js', node_options: '--require ./evil.js', INPUT_PATHS: 'x', KEPT: 'yes' };
    const ran = await run(
      `${allows} const { SIGNWRIGHT_INPUTS, SIGNWRIGHT_CLI_SHA256: _, ...env } = process.env;
       require('node:fs').writeFileSync('seen.json', JSON.stringify({ argv: process.argv.slice(2), inputs: JSON.parse(SIGNWRIGHT_INPUTS), env, execArgv: process.execArgv }));`,
      { inputs: hostile, env },
    );
    expect(ran.exitCode, printed).toBe(0);
    const { readFileSync } = await import('node:fs');
    const seen = JSON.parse(readFileSync(join(room, 'work/seen.json'), 'utf8'));
    expect(seen).toMatchObject({ argv: ['job', 'verify'], inputs: hostile, env: { KEPT: 'yes' }, execArgv: [] });
    expect(Object.keys(seen.env).filter((name) => /^(NODE_OPTIONS|INPUT_)/i.test(name))).toEqual([]);
    expect(existsSync(join(room, 'work/x'))).toBe(false);
  });

  test.each([0, 1, 2, 3, 4, 70])('ends with the exit code %d of the command, whatever result.json says', async (exitCode) => {
    const lying = await run(writes({ exitCode: 0, result: 'allow', message: 'all is well' }) + ends(exitCode));
    expect(lying.exitCode).toBe(exitCode);
    expect(lying.outputs).toMatchObject({ 'exit-code': String(exitCode), result: exitCode === 0 ? 'allow' : 'error' });
    if (exitCode !== 0) expect(lying.message).not.toContain('all is well');
  });

  test.each([
    ['nothing', ''],
    ['another exit code', writes({ exitCode: 1, result: 'allow' })],
    ['another result', writes({ exitCode: 0, result: 'deny', message: 'no' })],
    ['no result', writes({ exitCode: 0 })],
    ['another version', writes({ version: 2, exitCode: 0, result: 'allow' })],
    ['no JSON', `${writes({})} writeFileSync('signwright-reports/result.json', '{');`],
  ])('that ends with 0 and leaves %s in result.json failed', async (_, leaves) => {
    expect(await run(leaves + ends(0))).toMatchObject({
      exitCode: 70,
      result: 'error',
      message: SILENT,
      outputs: { result: 'error', 'exit-code': '70', request: '' },
    });
  });

  test('that ends with 0 and leaves the result of an earlier step failed', async () => {
    expect((await run(allows)).exitCode).toBe(0);
    expect(await run(ends(0))).toMatchObject({ exitCode: 70, message: SILENT, outputs: { reports: '' } });
  });

  test('that is killed failed', async () => {
    expect(await run(`${writes({ exitCode: 0, result: 'allow' })} process.kill(process.pid, 'SIGKILL');`)).toMatchObject({
      exitCode: 70,
      result: 'error',
    });
  });

  test('that is cancelled ends at once, and failed', async () => {
    const before = process.listenerCount('SIGTERM');
    const running = run(`console.log('waiting'); setTimeout(() => {}, 20_000);`);
    for (let waited = 0; !printed.includes('waiting') && waited < 10_000; waited += 20) await setTimeout(20);
    const listener = process.listeners('SIGTERM').at(-1);
    listener?.('SIGTERM');
    expect(await running).toMatchObject({ exitCode: 70, result: 'error' });
    expect(process.listenerCount('SIGTERM')).toBe(before);
  });

  test('tells what result.json explains', async () => {
    const request = `sha256:${'ab'.repeat(32)}`;
    const said = {
      exitCode: 4,
      result: 'pending',
      message: 'one\n##vso[x] is missing',
      next: 'ask ann',
      request,
      resume: 'https://ci.example/7',
    };
    expect(await run(writes(said) + ends(4))).toMatchObject({
      result: 'pending',
      message: 'one # #vso[x] is missing',
      next: 'ask ann',
      resume: 'https://ci.example/7',
      outputs: { result: 'pending', 'exit-code': '4', request, reports: 'signwright-reports' },
      directory: join(room, 'work/signwright-reports'),
    });
  });

  test('passes on no word, request or address of result.json that is none', async () => {
    const said = { exitCode: 1, result: 'allowed\nresult=allow', message: {}, request: 'sha256:zz', resume: 'javascript:x' };
    const ran = await run(writes(said) + ends(1));
    expect(ran).toMatchObject({ result: 'error', outputs: { result: 'error', request: '' } });
    expect(ran.resume).toBeUndefined();
  });

  test.each([
    ['{"version":2,"exitCode":1,"message":"x"}'],
    ['{"version":1,"exitCode":"1"}'],
    ['nonsense'],
    ['[]'],
    ['null'],
    [''],
  ])('does without a result.json that is %s', async (text) => {
    const program = `${writes({})} writeFileSync('signwright-reports/result.json', ${JSON.stringify(text)}); console.error('error: of its own'); ${ends(1)}`;
    expect(await run(program)).toMatchObject({ exitCode: 1, result: 'error', message: 'of its own' });
  });

  test('takes no result of an earlier step for its own', async () => {
    await run(writes({ exitCode: 2, result: 'error', message: 'the earlier one' }) + ends(2));
    const failed = await run(ends(2), { sha256: 'f'.repeat(64) });
    expect(failed.message).not.toContain('the earlier one');
    expect(failed).toMatchObject({ exitCode: 1, outputs: { reports: '' } });
  });

  test('finds the reports where they were asked for, and where they are when an input was refused', async () => {
    const named = await run(writes({ exitCode: 0, result: 'allow' }, 'out/reports'), { inputs: { reports: 'out/reports' } });
    expect(named.outputs['reports']).toBe('out/reports');
    const refused = await run(writes({ exitCode: 2, message: 'no such input' }) + ends(2), { inputs: { reports: '../../etc' } });
    expect(refused).toMatchObject({ message: 'no such input', outputs: { reports: 'signwright-reports' } });
  });

  test('follows no symbolic link that somebody put into the reports', async () => {
    writeFileSync(join(room, 'secret.json'), '{"version":1,"exitCode":0,"result":"allow","message":"secret"}');
    mkdirSync(join(room, 'work/signwright-reports'));
    symlinkSync(join(room, 'secret.json'), join(room, 'work/signwright-reports/result.json'));
    expect(await run(ends(0))).toMatchObject({ exitCode: 70, message: SILENT });
  });

  test('prints nothing that could be a command, over two streams and in pieces', async () => {
    await run(`process.stdout.write('a #'); process.stderr.write('#vso[task.complete result=Succeeded]\\n');`);
    expect(printed).not.toContain('##');
  });

  test('runs nothing where the command line is not what was built in, or is not there', async () => {
    const other = await run(`require('node:fs').writeFileSync('ran', '')`, { sha256: '0'.repeat(64) });
    expect(other).toMatchObject({
      exitCode: 1,
      result: 'error',
      message: expect.stringMatching(/is not the command that was to run.*nothing was run/),
    });
    expect(existsSync(join(room, 'work/ran'))).toBe(false);
    rmSync(join(room, 'action/launch.cjs'));
    expect(await run('', {})).toMatchObject({ exitCode: 1, result: 'error', message: expect.stringContaining('launch.cjs') });
  });

  test.each(['--help', 'deploy', '', 'verify '])('refuses the command %j, before anything is run', async (command) => {
    await expect(run(`require('node:fs').writeFileSync('ran', '')`, { command })).rejects.toThrow(Refused);
    expect(existsSync(join(room, 'work/ran'))).toBe(false);
  });

  test('refuses inputs that no environment takes', async () => {
    await expect(run('', { inputs: { paths: 'x'.repeat(200_000) } })).rejects.toThrow(/longer than/);
  });
});

describe('inputs', () => {
  const given = (values: Record<string, string>, platform = 'github') => givenInputs(platform, (name) => values[name]);

  test('are those that were given, as they were', () => {
    expect(given({ paths: ' a\nb ', environment: '', wait: '5m' })).toEqual({ paths: ' a\nb ', wait: '5m' });
  });

  test('of truth may be in capitals, as templates of Azure write them', () => {
    expect(given({ sidecars: 'False', attest: 'TRUE', collect: 'Yes' })).toEqual({
      sidecars: 'false',
      attest: 'true',
      collect: 'yes',
    });
  });

  test('of another platform are not read', () => {
    expect(given({ comment: 'false' })).toEqual({});
    expect(given({ comment: 'false' }, 'gitlab')).toEqual({ comment: 'false' });
  });
});

describe('problems', () => {
  const read = (text: string, most = 2) => {
    writeFileSync(join(room, 'results.sarif'), text);
    return problemsIn(room, most);
  };
  const result = (name: string) => ({
    ruleId: 'signature-missing',
    level: 'error',
    message: { text: `${name} is\nnot signed ##vso[x]` },
    locations: [{ physicalLocation: { artifactLocation: { uri: encodeURIComponent(name) } } }],
  });

  test('are the first of results.sarif, one line each, and how many there are', () => {
    const many = { runs: [{ results: [result('a b%'), { ...result('c'), level: 'note' }, result('d')] }] };
    expect(read(JSON.stringify(many))).toEqual({
      problems: [
        { level: 'error', code: 'signature-missing', path: 'a b%', message: 'a b% is not signed # #vso[x]' },
        { level: 'notice', code: 'signature-missing', path: 'c', message: 'c is not signed # #vso[x]' },
      ],
      count: 3,
    });
  });

  test.each(['', '{', 'null', '{"runs":7}', '{"runs":[{"results":[null]}]}'])('are none where the file is %j', (text) => {
    expect(read(text)).toEqual({ problems: [], count: 0 });
  });
});
