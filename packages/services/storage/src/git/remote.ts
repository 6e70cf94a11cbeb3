import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SignwrightError } from '@signwright/signing-core';
import type { GitFailure } from './git-error.ts';
import type { GitReference } from './reference.ts';
import type { Git, GitDirectory, Ran } from './run-git.ts';

/**
 * What became of a push. `overtaken`: the branch is not where it was; `unknown`: it may have taken effect, or yet take it.
 */
export type Pushed =
  | { readonly outcome: 'landed' | 'overtaken' }
  | { readonly outcome: 'unknown'; readonly error: SignwrightError };
/** The branch at the server. */
export type Remote = {
  /** Gets the newest commit with its directories. @returns `undefined` where there is no such branch. */
  fetchBranch(until: number, depth?: number): Promise<string | undefined>;
  fetchObjects(ids: readonly string[], until: number): Promise<void>;
  /** Makes `commit`, whose parent is `parent`, the newest one if the parent still is. Throws where the server refuses. */
  push(commit: string, parent: string | undefined, until: number): Promise<Pushed>;
};

/** The name in the configuration of the directory that fetches; no user's configuration knows one like it. */
export const REMOTE = 'signwright';
export const FETCHED = 'refs/signwright/fetched';

const QUIET = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules', '--no-auto-maintenance'];
/** A repository on this machine: it sends what is asked for alone, as servers do, and what is pushed is on its disk. */
const LOCAL_UPLOAD = '--upload-pack=git -c uploadpack.allowFilter=true upload-pack';
const LOCAL_RECEIVE = '--receive-pack=git -c core.fsync=all receive-pack';
const NO_HAVES = 'fetch.negotiationAlgorithm=noop';
const OVERTAKEN =
  /stale info|fetch first|non-fast-forward|failed to (update|lock) ref|cannot lock ref|incorrect old value|reference already exists|remote ref updated since/;
const UNSURE = /\[remote failure\]|unpacker error|internal server error|unable to migrate/i;

/** Directories git works in: one that fetches, one that commits and pushes, and one that fetches where `talk` cannot. */
export type Directories = {
  readonly talk: GitDirectory;
  readonly work: GitDirectory;
  readonly whole: GitDirectory;
  /** A file that is there once a server would send no single objects. */
  readonly noSingle: string;
};

export function createRemote(git: Git, { url, branch }: GitReference, directories: Directories, failure: GitFailure): Remote {
  const { talk, work, whole, noSingle } = directories;
  const ref = `refs/heads/${branch}`;
  const local = url.startsWith('file:');
  const upload = local ? [LOCAL_UPLOAD] : [];
  let single = !existsSync(noSingle);

  async function fetchSingle(ids: readonly string[], until: number): Promise<boolean> {
    const args = ['-c', NO_HAVES, 'fetch', ...QUIET, ...upload, '--filter=blob:none', '--stdin', '--', REMOTE];
    const { status, stderr } = await git.run(talk, args, { until, input: ids.map((id) => `${id}\n`) });
    if (status === 0) return true;
    if (/unadvertised object|not our ref/.test(stderr)) return false;
    throw failure(stderr);
  }

  /** Gets all of the newest commit, as if nothing of it were here. */
  async function fetchWhole(until: number): Promise<void> {
    const args = ['-c', NO_HAVES, 'fetch', ...QUIET, '--depth=1', '--', url, `+${ref}:${FETCHED}`];
    const { status, stderr } = await git.run(whole, args, { until });
    if (status !== 0) throw failure(stderr);
  }

  return {
    async fetchBranch(until: number, depth?: number): Promise<string | undefined> {
      const options = [...(depth === undefined ? [] : [`--depth=${depth}`]), ...(single ? [] : ['--no-filter'])];
      const args = ['fetch', ...QUIET, ...upload, ...options, '--', REMOTE, `+${ref}:${FETCHED}`];
      const ran = await git.run(talk, args, { until });
      if (ran.status === 0) return (await readFile(join(talk.path, FETCHED), 'latin1')).trim();
      if (ran.stderr.includes(`couldn't find remote ref ${ref}`)) return undefined;
      throw failure(ran.stderr);
    },

    async fetchObjects(ids: readonly string[], until: number): Promise<void> {
      // Servers that speak only the old protocol (a plain sshd, which passes on no GIT_PROTOCOL) send commits alone by name.
      if (single && (await fetchSingle(ids, until))) return;
      await fetchWhole(until);
      await writeFile(noSingle, '').catch(() => undefined);
      single = false;
    },

    async push(commit: string, parent: string | undefined, until: number): Promise<Pushed> {
      // The lease makes it a compare-and-swap: not only a descendant of what is there, but of exactly the parent.
      const lease = `--force-with-lease=${ref}:${parent ?? ''}`;
      const options = ['--porcelain', '--no-verify', '--no-signed', lease, ...(local ? [LOCAL_RECEIVE] : [])];
      try {
        return judge(await git.run(work, ['push', ...options, '--', url, `${commit}:${ref}`], { until }));
      } catch (error) {
        if (error instanceof SignwrightError && error.code === 'unreachable') return { outcome: 'unknown', error };
        throw error;
      }
    },
  };

  /** Reads the line `FLAG from:to SUMMARY (reason)` of `git push --porcelain`. */
  function judge({ status, stdout, stderr }: Ran): Pushed {
    const line = stdout.split('\n').find((text) => text.includes(`:${ref}\t`)) ?? '';
    if (status === 0 && /^[ *=+]\t/.test(line)) return { outcome: 'landed' };
    if (OVERTAKEN.test(line)) return { outcome: 'overtaken' };
    if (!line.startsWith('!') || UNSURE.test(line)) return { outcome: 'unknown', error: failure(stderr) };
    throw failure(stderr, line.split('\t').at(-1));
  }
}
