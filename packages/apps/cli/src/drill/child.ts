import { spawn } from 'node:child_process';
import { SignwrightError } from '@signwright/signing-core';
import { OFFSET_ENV } from './clock.ts';

/** What a command left. */
export type Ran = { readonly exit: number; readonly stdout: string; readonly stderr: string; readonly ms: number };

export type ChildOptions = {
  readonly directory: string;
  /** Beside PATH, HOME and a cache: nothing of this process's environment is handed on. */
  readonly env: Readonly<Record<string, string>>;
  /** The file that moves the clock, and by how many milliseconds. */
  readonly clock: { readonly file: string; readonly offset: number };
  readonly signal: AbortSignal;
};

const LONGEST_MS = 180_000;
const MAX_OUTPUT = 8 * 1024 * 1024;

/**
 * Runs this very command line in a directory, to its end, as anybody would: without a shell.
 *
 * @throws SignwrightError `cancelled` when the drill is stopped, `unreachable` where the command did not end by itself.
 */
export async function runCommandLine(args: readonly string[], options: ChildOptions): Promise<Ran> {
  const { directory, env, clock, signal } = options;
  const script = process.argv[1];
  if (script === undefined) throw new TypeError('the command line does not know its own file');
  const moved = clock.offset === 0 ? [] : ['--require', clock.file];
  const started = performance.now();
  const child = spawn(process.execPath, [...moved, script, ...args], {
    cwd: directory,
    env: { ...env, ...(clock.offset === 0 ? {} : { [OFFSET_ENV]: String(clock.offset) }) },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LONGEST_MS,
    signal,
  });
  const text = (stream: NodeJS.ReadableStream): (() => string) => {
    const chunks: Buffer[] = [];
    let size = 0;
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_OUTPUT) chunks.push(chunk);
    });
    return () => Buffer.concat(chunks).toString('utf8');
  };
  const [stdout, stderr] = [text(child.stdout), text(child.stderr)];
  const exit = await new Promise<number | null>((resolve, reject) => {
    child.on('error', (cause) =>
      reject(
        signal.aborted
          ? new SignwrightError('cancelled', 'the drill was stopped', { cause })
          : new SignwrightError('unreachable', `the command could not be started: ${cause.message}`, { cause }),
      ),
    );
    child.on('close', resolve);
  });
  if (exit === null)
    throw new SignwrightError('unreachable', `signwright ${args[0]} did not come to its end`, { where: directory });
  return { exit, stdout: stdout(), stderr: stderr(), ms: Math.round(performance.now() - started) };
}
