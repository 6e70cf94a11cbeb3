import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

export const LAUNCHER: string = fileURLToPath(new URL('../../packages/adapters/launcher/launch.cjs', import.meta.url));
const NOBODY = ['--reuid', '65534', '--regid', '65534', '--clear-groups'];

/** What a launch left. */
export type Launched = { readonly status: number | null; readonly stdout: string; readonly stderr: string };
export type Launch = {
  readonly program?: string;
  readonly args?: readonly string[];
  readonly cwd?: string;
  /** All there is in the environment beside PATH. */
  readonly env: Readonly<Record<string, string>>;
  /** As a user whom permissions bind, and without a home. */
  readonly nobody?: boolean;
};

/** Runs the launcher to its end. */
export function launch({
  program = process.execPath,
  args = [],
  cwd = tmpdir(),
  env,
  nobody = false,
}: Launch): Promise<Launched> {
  const [file = '', ...rest] = [...(nobody ? ['setpriv', ...NOBODY] : []), program, LAUNCHER, ...args];
  return new Promise((resolve, reject) => {
    const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe'];
    const child = spawn(file, rest, { cwd, env: { PATH: process.env['PATH'], ...env }, stdio, timeout: 60_000 });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, stdout, stderr }));
  });
}

/** A temporary directory; removed when the test is over. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'signwright-launch-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Writes a file, and the directories it lies in. @returns its path. */
export function write(path: string, content: string | Uint8Array): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

export function digestOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** In place of the command: tells what it was run as, in JSON, and exits with 4. */
export const STAND_IN = `#!/usr/bin/env node
'use strict';
const loaded = (name) => { try { return require(name); } catch (error) { return error.code; } };
console.log(JSON.stringify({ args: process.argv.slice(2), itself: process.argv[1], file: __filename, evil: loaded('evil') }));
process.exitCode = 4;
`;
