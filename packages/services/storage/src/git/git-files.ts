import { lookup } from 'node:dns/promises';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SignwrightError } from '@signwright/signing-core';
import { basicOf, type Environment, findToken, gitEnvironment } from './environment.ts';
import { createGitFailure } from './git-error.ts';
import { makeOwnDirectory, removeOwnDirectory } from './own-directory.ts';
import { createGit, type Git, type GitDirectory } from './run-git.ts';

/** The files of one commit. */
export type GitFiles = {
  readonly commit: string;
  /** @returns a file's bytes; nothing where the commit has none there. Links and submodules are refused. */
  read(path: string): Promise<Buffer | undefined>;
  /** Removes the copy; it goes with the process otherwise. */
  close(): Promise<void>;
};

export type GitFilesOptions = {
  /** https, ssh or file; http for this machine. */
  readonly url: string;
  /** A branch or a tag. */
  readonly ref: string;
  /** Judges the addresses of the repository's host before git connects, and throws for one that may not be asked. */
  readonly judge: (addresses: readonly string[]) => void;
  readonly environment: Environment;
  /** The environment variable with the token for https. Without: `CI_JOB_TOKEN` on the job's own GitLab, else git's own means. */
  readonly tokenEnv?: string;
  /** For everything, in milliseconds. */
  readonly deadlineMs: number;
  /** Bytes of a file. */
  readonly maxBytes: number;
};

/** Bytes a shallow copy may have on disk: a policy's repository holds policies. */
const MAX_COPY = 256 * 1024 * 1024;
const LOOK_MS = 200;
const FETCHED = 'refs/signwright/fetched';
const PORTS: { readonly [protocol: string]: number } = { 'https:': 443, 'http:': 80, 'ssh:': 22 };

/**
 * Fetches the newest commit of a branch or tag, alone, and reads files of it: by the machine's own git, without hooks, prompts,
 * submodules or redirects, with the user's own credentials.
 *
 * The host is resolved and judged first; git is told to connect to just those addresses (`http.curloptResolve`, git 2.37 and later).
 *
 * @throws SignwrightError `configuration` where there is no such repository or ref, or it may not be read; `unreachable` where it
 * cannot be reached in time; `invalid-input` where it is too large.
 */
export async function openGitFiles(options: GitFilesOptions): Promise<GitFiles> {
  const { url, ref, environment, deadlineMs, maxBytes } = options;
  const where = `${url}#${ref}`;
  const until = performance.now() + deadlineMs;
  const resolved = await resolveHost(new URL(url), options.judge);
  const token = findToken(url, environment, options.tokenEnv);
  const failure = createGitFailure(where, token === undefined ? [] : [token.secret, basicOf(token)]);
  const git = createGit(gitEnvironment(url, environment, token), [
    'http.lowSpeedLimit=1',
    `http.lowSpeedTime=${Math.ceil(deadlineMs / 1000) + 1}`,
    ...(token === undefined ? [] : ['credential.helper=']),
    ...resolved.map((entry) => `http.curloptResolve=${entry}`),
  ]);
  const own = await makeOwnDirectory();
  try {
    const directory = await layOut(own);
    const commit = await fetchNewest(git, directory, options, until, failure);
    return {
      commit,
      read: (path) => readFileOf(git, directory, commit, path, { until, maxBytes, where, failure }),
      close: () => removeOwnDirectory(own),
    };
  } catch (error) {
    await removeOwnDirectory(own);
    throw error;
  }
}

/** The addresses of the host, judged, as curl takes them: HOST:PORT:ADDRESS[,ADDRESS]. */
async function resolveHost(url: URL, judge: GitFilesOptions['judge']): Promise<string[]> {
  if (url.protocol === 'file:') {
    judge(['::1']);
    return [];
  }
  const found = await lookup(url.hostname, { all: true }).catch((cause: unknown) => {
    throw new SignwrightError('unreachable', `the name ${url.hostname} has no address`, {
      where: url.host,
      next: 'check the name, and that this machine can resolve it',
      cause,
    });
  });
  const addresses = found.map(({ address }) => address);
  judge(addresses);
  const port = url.port === '' ? PORTS[url.protocol] : url.port;
  const written = found.map(({ address, family }) => (family === 6 ? `[${address}]` : address));
  return url.protocol === 'ssh:' ? [] : [`${url.hostname}:${port}:${written.join(',')}`];
}

async function layOut(own: string): Promise<GitDirectory> {
  const path = join(own, 'files');
  const objects = join(path, 'objects');
  await mkdir(objects, { recursive: true, mode: 0o700 });
  await mkdir(join(path, 'refs/signwright'), { recursive: true });
  await writeFile(join(path, 'HEAD'), 'ref: refs/heads/none\n');
  await writeFile(join(path, 'config'), '[core]\n\trepositoryformatversion = 0\n\tbare = true\n');
  return { path, objects };
}

async function fetchNewest(
  git: Git,
  directory: GitDirectory,
  { url, ref }: GitFilesOptions,
  until: number,
  failure: ReturnType<typeof createGitFailure>,
): Promise<string> {
  const args = ['fetch', '--quiet', '--depth=1', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules'];
  const tooLarge = new AbortController();
  const watch = setInterval(() => {
    sizeBelow(directory.objects).then(
      (size) => (size > MAX_COPY ? tooLarge.abort() : undefined),
      () => undefined,
    );
  }, LOOK_MS);
  try {
    const fetched = await git.run(directory, [...args, '--', url, `+${ref}:${FETCHED}`], { until, signal: tooLarge.signal });
    if (tooLarge.signal.aborted)
      throw new SignwrightError('invalid-input', `the repository ${url} has more than ${MAX_COPY} bytes at ${ref}`, {
        where: url,
        next: 'keep policies in a repository of their own',
      });
    if (fetched.status !== 0) {
      if (/couldn't find remote ref/.test(fetched.stderr))
        throw new SignwrightError('configuration', `the repository ${url} has no branch or tag ${ref}`, { where: url });
      throw failure(fetched.stderr);
    }
  } finally {
    clearInterval(watch);
  }
  const { status, stdout, stderr } = await git.run(directory, ['rev-parse', '--verify', `${FETCHED}^{commit}`], { until });
  if (status !== 0) throw failure(stderr);
  return stdout.trim();
}

async function sizeBelow(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      stat(join(entry.parentPath, entry.name)).then(
        ({ size }) => size,
        () => 0,
      ),
    );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

type Reading = {
  readonly until: number;
  readonly maxBytes: number;
  readonly where: string;
  readonly failure: ReturnType<typeof createGitFailure>;
};

async function readFileOf(
  git: Git,
  directory: GitDirectory,
  commit: string,
  path: string,
  reading: Reading,
): Promise<Buffer | undefined> {
  const { until, maxBytes, where, failure } = reading;
  const listed = await git.run(directory, ['--literal-pathspecs', 'ls-tree', '-z', '-l', '--full-tree', commit, '--', path], {
    until,
  });
  if (listed.status !== 0) throw failure(listed.stderr);
  const [, mode, id, size] = /^(\d{6}) \w+ ([0-9a-f]{40,64}) +(\d+|-)\t/.exec(listed.stdout) ?? [];
  if (mode === undefined || id === undefined) return undefined;
  const refuse = (code: 'configuration' | 'invalid-input', why: string): SignwrightError =>
    new SignwrightError(code, `${path} of ${where} ${why}`, { where });
  if (mode !== '100644' && mode !== '100755') throw refuse('configuration', 'is no file but a link, a directory or a submodule');
  if (Number(size) > maxBytes) throw refuse('invalid-input', `is larger than ${maxBytes} bytes`);
  const { status, stdout, stderr } = await git.run(directory, ['cat-file', 'blob', id], { until });
  if (status !== 0) throw failure(stderr);
  return Buffer.from(stdout, 'latin1');
}
