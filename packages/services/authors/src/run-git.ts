import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { SignwrightError } from '@signwright/signing-core';
import { findObjects } from './find-objects.ts';

export type ObjectFormat = 'sha1' | 'sha256';

/** A git at work. `ended` rejects where it failed, was killed or could not be started; `stop` kills it. */
export type Running = { readonly stdin: Writable; readonly stdout: Readable; readonly ended: Promise<void>; stop(): void };

/** Starts gits on one repository's objects. */
export type Git = { readonly format: ObjectFormat; start(args: readonly string[]): Running };

/** Where to look, and how long. */
export type GitOptions = {
  /** The repository's top, any directory in it, or a bare repository. */
  readonly directory: string;
  /** For all of it together; two minutes unless told. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
};

const TIMEOUT_MS = 120_000;
const MAX_STDERR = 16 * 1024;

/**
 * Lets `use` read the objects of a repository through a git directory of our own, made for this and removed afterwards. Nothing else
 * of the repository is read: its configuration, hooks, attributes, grafts, replace refs and `shallow` file have no say, and nobody asks
 * who owns it.
 *
 * @throws SignwrightError `configuration`, `unreachable` at the deadline, `cancelled` by the signal; and what `use` throws.
 */
export async function withGit<T>(options: GitOptions, format: ObjectFormat, use: (git: Git) => Promise<T>): Promise<T> {
  const objects = await findObjects(options.directory);
  const deadline = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS);
  const signal = options.signal === undefined ? deadline : AbortSignal.any([deadline, options.signal]);
  const path = await makeGitDirectory(format);
  try {
    return await use({ format, start: (args) => start(path, objects, args, signal) });
  } catch (error) {
    if (options.signal?.aborted) throw new SignwrightError('cancelled', 'stopped by the user', { cause: options.signal.reason });
    if (deadline.aborted) throw tooLate(error);
    throw error;
  } finally {
    await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** The least git takes for a repository. The commit graph is left alone: what it says of parents is nowhere proven. */
async function makeGitDirectory(format: ObjectFormat): Promise<string> {
  const version = format === 'sha1' ? 0 : 1;
  const extensions = format === 'sha1' ? '' : '[extensions]\n\tobjectFormat = sha256\n';
  const core = `[core]\n\trepositoryFormatVersion = ${version}\n\tbare = true\n\tcommitGraph = false\n`;
  try {
    const path = await mkdtemp(join(tmpdir(), 'signwright-authors-'));
    await mkdir(join(path, 'refs'));
    await writeFile(join(path, 'HEAD'), 'ref: refs/heads/none\n');
    await writeFile(join(path, 'config'), `${core}${extensions}`);
    return path;
  } catch (cause) {
    throw new SignwrightError('configuration', 'no temporary directory can be made', {
      where: tmpdir(),
      next: 'make room there, or let TMPDIR name a directory that can be written',
      cause,
    });
  }
}

function start(path: string, objects: string, args: readonly string[], signal: AbortSignal): Running {
  const child = spawn('git', [`--git-dir=${path}`, ...args], {
    cwd: path,
    env: environment(path, objects),
    windowsHide: true,
    signal,
    killSignal: 'SIGKILL',
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (stderr.length < MAX_STDERR) stderr += text;
  });
  // A git that ends early stops reading; its status says more than the broken pipe.
  child.stdin.on('error', () => undefined);
  const ended = new Promise<void>((resolve, reject) => {
    child.on('error', (cause) => reject(notStarted(cause)));
    child.on('close', (status) => (status === 0 ? resolve() : reject(failed(stderr))));
  });
  // Whoever stops early asks no more.
  ended.catch(() => undefined);
  return { stdin: child.stdin, stdout: child.stdout, ended, stop: () => child.kill('SIGKILL') };
}

/** All that a git is told; nothing of what this process was told but where programs are. */
function environment(path: string, objects: string): NodeJS.ProcessEnv {
  const kept = process.platform === 'win32' ? ['PATH', 'SystemRoot', 'TEMP'] : ['PATH'];
  return {
    ...Object.fromEntries(kept.map((name) => [name, process.env[name]])),
    HOME: path,
    GIT_OBJECT_DIRECTORY: objects,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_NO_LAZY_FETCH: '1',
    GIT_ALLOW_PROTOCOL: 'none',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_TERMINAL_PROMPT: '0',
    // git(1) does not list it: the size of one allocation, so that an object that unpacks to gigabytes is refused.
    GIT_ALLOC_LIMIT: '128m',
    LC_ALL: 'C',
  };
}

function notStarted(cause: Error): SignwrightError {
  return new SignwrightError('configuration', `git cannot be started: ${cause.message}`, {
    next: 'install git 2.31 or later, and see that it is on PATH',
    cause,
  });
}

function tooLate(cause: unknown): SignwrightError {
  return new SignwrightError('unreachable', 'git did not read the history in time', {
    next: 'run again on a faster disk, or release more often, so that there is less to read',
    cause,
  });
}

function failed(stderr: string): SignwrightError {
  const said = stderr
    .slice(0, 300)
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim();
  return new SignwrightError('invalid-input', `git cannot follow the history${said === '' ? '' : ` (${said})`}`, {
    next: 'fetch the whole history: a shallow or partial clone lacks commits ("git fetch --unshallow", or a checkout of full depth)',
  });
}
