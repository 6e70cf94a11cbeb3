import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { type Environment, messageOf, SignwrightError } from '@signwright/signing-core';

/** What a program of OpenSSH left: its status, or the signal that ended it, and what it said. */
export type Ran = {
  readonly status: number | null;
  readonly ended: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
};

export type RunOptions = {
  readonly environment: Environment;
  /** What it gets on stdin. */
  readonly input?: Uint8Array;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Is given what it says on stderr, as it comes. */
  readonly heard?: ((text: string) => void) | undefined;
};

const MAX_STDOUT = 1024 * 1024;
const MAX_STDERR = 16 * 1024;
/** How long it may take to give the terminal back (it hides what is typed) before it is killed. */
const GRACE_MS = 2000;
/** How long output is waited for after it ended: what an askpass keeps open never closes. */
const DRAIN_MS = 500;

/**
 * Runs one of OpenSSH's programs to its end: without a shell, in this process's own terminal, where it may ask.
 *
 * @throws SignwrightError `configuration` where it is not installed, `unreachable` at the deadline or where it says too much,
 * `cancelled` by the signal.
 */
export async function runOpenssh(program: 'ssh-keygen' | 'ssh-add', args: readonly string[], options: RunOptions): Promise<Ran> {
  const { environment, input = new Uint8Array(), deadlineMs, signal, heard } = options;
  if (signal?.aborted) throw stopped(program, signal);
  const child = spawn(program, args, { env: { ...environment }, windowsHide: true });
  let late = false;
  const stop = (): void => end(child);
  const timer = setTimeout(() => {
    late = true;
    stop();
  }, deadlineMs);
  signal?.addEventListener('abort', stop);
  try {
    // One that ends early reads no further; its status says more than the broken pipe.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    const ran = await collect(child, program, heard);
    if (signal?.aborted) throw stopped(program, signal);
    if (late)
      throw new SignwrightError('unreachable', `${program} was not done after ${deadlineMs / 1000} seconds`, {
        next: 'run again',
      });
    return ran;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
}

async function collect(child: ChildProcessWithoutNullStreams, program: string, heard: RunOptions['heard']): Promise<Ran> {
  const stdout: Buffer[] = [];
  let length = 0;
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length <= MAX_STDOUT) stdout.push(chunk);
    else end(child);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    const text = chunk.toString('utf8');
    stderr = `${stderr}${text}`.slice(-MAX_STDERR);
    heard?.(text);
  });
  const closed = new Promise((resolve) => child.on('close', resolve));
  const left = await new Promise<Pick<Ran, 'status' | 'ended'>>((resolve, reject) => {
    child.on('error', (cause) => reject(notStarted(program, cause)));
    child.on('exit', (status, ended) => resolve({ status, ended }));
  });
  await Promise.race([closed, wait(DRAIN_MS, undefined, { ref: false })]);
  child.stdout.destroy();
  child.stderr.destroy();
  if (length > MAX_STDOUT) throw new SignwrightError('unreachable', `${program} wrote more than ${MAX_STDOUT} bytes`);
  return { ...left, stdout: Buffer.concat(stdout).toString('utf8'), stderr };
}

function end(child: ChildProcessWithoutNullStreams): void {
  if (child.killed) return;
  child.kill('SIGTERM');
  const killer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  child.on('exit', () => clearTimeout(killer));
}

function notStarted(program: string, cause: Error): SignwrightError {
  const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
  return new SignwrightError(
    'configuration',
    missing ? `${program} is not installed` : `${program} cannot be started: ${messageOf(cause)}`,
    {
      next: 'install OpenSSH (on Debian: openssh-client) 8.4 or later, and see that it is on PATH',
      cause,
    },
  );
}

function stopped(program: string, signal: AbortSignal): SignwrightError {
  return new SignwrightError('cancelled', `${program} was stopped by the user`, { cause: signal.reason });
}
