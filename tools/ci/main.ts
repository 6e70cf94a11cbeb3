// npm run ci -- TALLY: the steps of .ci/run after npm ci; writes "N passed, N failed" to the file TALLY.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countVitest, type Tally, tallyLine } from './tally.ts';

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('usage: npm run ci -- FILE');

const reports = mkdtempSync(join(tmpdir(), 'signwright-ci-'));
const tallies = [peers(), check(), vitest('test'), vitest('e2e')];
rmSync(reports, { recursive: true, force: true });

const line = tallyLine(tallies);
writeFileSync(file, `${line.text}\n`);
process.exitCode = line.failed === 0 ? 0 : 1;

function peers(): Tally {
  return { passed: 0, failed: npmRun('peers') ? 0 : 1 };
}

function check(): Tally {
  return npmRun('check') ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

function vitest(script: 'test' | 'e2e'): Tally {
  const report = join(reports, `${script}.json`);
  const succeeded = npmRun(script, ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]);
  return countVitest(readIfThere(report), succeeded);
}

function npmRun(script: string, args: readonly string[] = []): boolean {
  console.log(`\n== npm run ${script}`);
  return spawnSync('npm', ['run', '--silent', script, '--', ...args], { stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
