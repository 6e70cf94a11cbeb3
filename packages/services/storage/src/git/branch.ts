import { randomBytes } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SignwrightError } from '@signwright/signing-core';
import type { GitFailure } from './git-error.ts';
import type { Remote } from './remote.ts';
import { FETCHED } from './remote.ts';
import type { Repository } from './repository.ts';
import type { Git } from './run-git.ts';
import type { Changes } from './stage.ts';
import { type Author, writeCommit } from './write-commit.ts';

/** The branch as this process last saw it. One call at a time. */
export type Branch = {
  /** The newest commit; `undefined`: there is no branch yet. */
  readonly head: string | undefined;
  /** A time of `performance.now()` at or after which `head` was the newest. */
  readonly asOf: number;
  /** Gets the newest commit. Throws `verification` where it does not come after all that were seen before. */
  refresh(until: number): Promise<void>;
  /**
   * Commits changes on the newest commit known and pushes that.
   * @returns `false` where someone else was first; then the head is the new one.
   */
  publish(changes: Changes, write: string, until: number): Promise<boolean>;
};
export type BranchOptions = { readonly author: Author; readonly where: string; readonly url: string; readonly name: string };

export function createBranch(
  git: Git,
  repository: Repository,
  remote: Remote,
  failure: GitFailure,
  { author, where, url, name }: BranchOptions,
  fetched: { readonly head: string | undefined; readonly asOf: number },
): Branch {
  const { talk, work, seen, place, cached } = repository;
  let { head, asOf } = fetched;

  async function refresh(until: number): Promise<void> {
    const began = performance.now();
    // Looked up before: only what was seen before the server was asked must be in its answer.
    const before = new Set(await seen.list());
    if (head !== undefined) before.add(head);
    const now = await remote.fetchBranch(until);
    for (const old of before) {
      if (now === undefined) throw gone(old);
      if (!(await isAncestor(old, now, until))) throw rewritten(old, now);
    }
    [head, asOf] = [now, began];
    if (now !== undefined) await seen.replace(before, now);
  }

  async function publish(changes: Changes, write: string, until: number): Promise<boolean> {
    const parent = head;
    const commit = await writeCommit(git, work, changes, { parent, write, author }, failure, until);
    const began = performance.now();
    const pushed = await remote.push(commit, parent, until);
    if (pushed.outcome === 'landed') {
      asOf = began;
      await adopt(commit, parent);
      return true;
    }
    await refresh(until).catch((error: unknown) => {
      const rewrite = error instanceof SignwrightError && error.code === 'verification';
      throw pushed.outcome === 'unknown' && !rewrite ? pushed.error : error;
    });
    // It may have been taken although its answer was lost.
    if (head !== undefined && (await isAncestor(commit, head, until))) return true;
    // It may yet be taken, as long as its parent is the newest one.
    if (pushed.outcome === 'unknown' && head === parent) throw pushed.error;
    return false;
  }

  /** What this process pushed is what it would fetch. */
  async function adopt(commit: string, parent: string | undefined): Promise<void> {
    head = commit;
    const temporary = join(talk.path, `${randomBytes(8).toString('hex')}.ref`);
    await writeFile(temporary, `${commit}\n`);
    await rename(temporary, join(talk.path, FETCHED));
    await seen.replace(parent === undefined ? [] : [parent], commit);
  }

  async function isAncestor(old: string, now: string, until: number): Promise<boolean> {
    if (old === now) return true;
    const { status, stderr } = await git.run(work, ['merge-base', '--is-ancestor', old, now], { until });
    if (status === 0 || status === 1) return status === 0;
    throw new SignwrightError('unreachable', `the copy of the git branch in ${place} is damaged`, {
      where: place,
      next: cached ? `remove ${place} and run again; what was seen of the branch before is then forgotten` : 'run again',
      cause: failure(stderr),
    });
  }

  function gone(old: string): SignwrightError {
    return new SignwrightError('verification', `the branch is gone; the commit ${old} was seen on it before`, {
      where,
      next: whatNow(old),
    });
  }

  function rewritten(old: string, now: string): SignwrightError {
    return new SignwrightError(
      'verification',
      `the branch was rewritten: its newest commit ${now} does not come after ${old}, which was seen on it before`,
      { where, next: whatNow(old) },
    );
  }

  function whatNow(old: string): string {
    return (
      `find out who did it; to go back, run "git push --force ${url} ${old}:refs/heads/${name}" in a clone that has the commit; ` +
      `if it was meant, ${cached ? `remove ${place}` : 'run again'}`
    );
  }

  return {
    get head(): string | undefined {
      return head;
    },
    get asOf(): number {
      return asOf;
    },
    refresh,
    publish,
  };
}
