import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';

/** Runs a program to its end and shows what it says. @throws Error where it fails. */
export function run(program: string, args: readonly string[], cwd: string): void {
  const { status, signal, error } = spawnSync(program, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status ?? signal}`);
}

/** Makes a directory. @throws Error where it is there and holds something. */
export function emptyDirectory(path: string): void {
  mkdirSync(path, { recursive: true });
  const [first] = readdirSync(path);
  if (first !== undefined) throw new Error(`${path} holds ${first} already: name a directory that is not there`);
}
