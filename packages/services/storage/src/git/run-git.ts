import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { SignwrightError } from '@signwright/signing-core';

/** A directory git works in, and where the objects are. */
export type GitDirectory = { readonly path: string; readonly objects: string };
/** What a git left. */
export type Ran = { readonly status: number | null; readonly stdout: string; readonly stderr: string };
/** `until` is a time of `performance.now()`; `signal` kills it, which leaves no status. */
export type RunOptions = {
  readonly until: number;
  readonly input?: Iterable<string | Uint8Array>;
  readonly signal?: AbortSignal;
};
export type Git = {
  /** Runs one to its end. Throws `unreachable` at the deadline, when it and all it started are killed. */
  run(directory: GitDirectory, args: readonly string[], options: RunOptions): Promise<Ran>;
  /** Starts one to talk with, which keeps this process alive only while it is `ref`ed. */
  start(directory: GitDirectory, args: readonly string[]): ChildProcessWithoutNullStreams;
};

const MAX_STDOUT = 4 * 1024 * 1024;
const MAX_STDERR = 16 * 1024;
/** How long output is waited for after a git ended: what an ssh master keeps open never closes. */
const DRAIN_MS = 500;

/** No hook, no housekeeping, no submodule, no redirect, whatever the user's own configuration says. */
const SETTINGS = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.commitGraph=false',
  'gc.auto=0',
  'maintenance.auto=false',
  'submodule.recurse=false',
  'fetch.recurseSubmodules=false',
  'fetch.prune=false',
  'fetch.pruneTags=false',
  'fetch.writeCommitGraph=false',
  'fastimport.unpackLimit=0',
  'push.recurseSubmodules=no',
  'push.followTags=false',
  'push.gpgSign=false',
  'protocol.version=2',
  'http.followRedirects=false',
  'http.sslVerify=true',
];

/** Runs the machine's own git: without a shell, in a process group of its own. `settings` are `name=value`. */
export function createGit(environment: Readonly<Record<string, string>>, settings: readonly string[]): Git {
  const configured = [...SETTINGS, ...settings].flatMap((setting) => ['-c', setting]);

  function start({ path, objects }: GitDirectory, args: readonly string[]): ChildProcessWithoutNullStreams {
    const child = spawn('git', [...configured, `--git-dir=${path}`, ...args], {
      cwd: path,
      env: { ...environment, GIT_OBJECT_DIRECTORY: objects },
      detached: process.platform !== 'win32',
      windowsHide: true,
    });
    child.stdin.on('error', () => undefined);
    track(child);
    return child;
  }

  return {
    start,
    async run(directory: GitDirectory, args: readonly string[], { until, input = [], signal }: RunOptions): Promise<Ran> {
      if (until - performance.now() <= 0) throw tooLate();
      const child = start(directory, args);
      const stop = (): void => killGroup(child);
      signal?.addEventListener('abort', stop, { once: true });
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        killGroup(child);
      }, until - performance.now());
      try {
        // A git that ends early stops reading; its status says more than the broken pipe.
        const fed = pipeline(Readable.from(input), child.stdin).catch(() => undefined);
        const [ran] = await Promise.all([collect(child), fed]);
        if (late) throw tooLate();
        return ran;
      } finally {
        clearTimeout(timer);
        signal?.removeEventListener('abort', stop);
      }
    },
  };
}

async function collect(child: ChildProcessWithoutNullStreams): Promise<Ran> {
  const stdout: Buffer[] = [];
  let length = 0;
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length <= MAX_STDOUT) stdout.push(chunk);
    else killGroup(child);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = `${stderr}${chunk.toString('utf8')}`.slice(-MAX_STDERR);
  });
  const closed = new Promise((resolve) => child.on('close', resolve));
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', (cause) => reject(notStarted(cause)));
    child.on('exit', resolve);
  });
  await Promise.race([closed, wait(DRAIN_MS, undefined, { ref: false })]);
  child.stdout.destroy();
  child.stderr.destroy();
  return { status: length > MAX_STDOUT ? null : status, stdout: Buffer.concat(stdout).toString('latin1'), stderr };
}

const running = new Set<ChildProcessWithoutNullStreams>();
let watching = false;

/** What runs when this process ends is killed too: it is in groups that no terminal reaches. */
function track(child: ChildProcessWithoutNullStreams): void {
  if (!watching) process.on('exit', () => running.forEach(killGroup));
  watching = true;
  running.add(child);
  for (const end of ['exit', 'error']) child.on(end, () => running.delete(child));
}

/** Kills a git with everything it started (transports, ssh). */
export function killGroup(child: ChildProcessWithoutNullStreams): void {
  child.kill('SIGKILL');
  if (process.platform === 'win32' || child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group is gone.
  }
}

/** What a call ends with whose time is up. */
export function tooLate(): SignwrightError {
  return new SignwrightError('unreachable', 'no answer from git in time', {
    next: 'run again; if the server is slow, allow more time',
  });
}

function notStarted(cause: Error): SignwrightError {
  return new SignwrightError('configuration', `git cannot be started: ${cause.message}`, {
    next: 'install git 2.31 or later, and see that it is on PATH',
    cause,
  });
}
