import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/** What a run of the command line left: its exit status, or the signal that ended it, and all it wrote. */
export type Finished = {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
};

export type RunOptions = {
  /** Added to an environment of PATH, HOME and a cache alone. */
  readonly env?: Readonly<Record<string, string>>;
  /** What the descriptor 3 gives. */
  readonly descriptor3?: string;
  /** Run as the user nobody, whom permissions bind; needs root and setpriv. */
  readonly unprivileged?: boolean;
};

/** A run that goes on. */
export type Running = { readonly process: ChildProcess; readonly finished: Promise<Finished> };

const COMMAND = fileURLToPath(new URL('../../apps/cli/bin/signwright.cjs', import.meta.url));
/** Where all runs keep compiled code: a cold start costs twice as much. */
const CACHE = fileURLToPath(new URL('../../../node_modules/.cache', import.meta.url));
const NOBODY = ['--reuid', '65534', '--regid', '65534', '--clear-groups'];
const LONGEST_MS = 120_000;

/** Starts the built command line in a directory: no shell, none of this process's environment. */
export function startProgram(directory: string, args: readonly string[], options: RunOptions = {}): Running {
  const nobody = options.unprivileged === true && process.getuid?.() === 0;
  const [file = '', ...rest] = [...(nobody ? ['setpriv', ...NOBODY] : []), process.execPath, COMMAND, ...args];
  const child = spawn(file, rest, {
    cwd: directory,
    env: { PATH: process.env['PATH'] ?? '', HOME: directory, XDG_CACHE_HOME: CACHE, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe', options.descriptor3 === undefined ? 'ignore' : 'pipe'],
    timeout: LONGEST_MS,
  });
  if (options.descriptor3 !== undefined) {
    const input = child.stdio[3] as Writable;
    input.on('error', () => undefined);
    input.end(options.descriptor3);
  }
  return { process: child, finished: finish(child) };
}

async function finish(child: ChildProcess): Promise<Finished> {
  const ended = new Promise<Pick<Finished, 'status' | 'signal'>>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => resolve({ status, signal }));
  });
  const [stdout, stderr] = await Promise.all([textOf(child.stdout), textOf(child.stderr)]);
  return { ...(await ended), stdout, stderr };
}

/** All of it, or what came before whoever started the run closed it. */
function textOf(stream: Readable | null): Promise<string> {
  const chunks: Buffer[] = [];
  stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve) => {
    const end = (): void => resolve(Buffer.concat(chunks).toString('utf8'));
    if (stream) stream.on('close', end);
    else end();
  });
}
