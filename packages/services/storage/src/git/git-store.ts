import type { Blob, BlobStore, Transactions, Version } from '@signwright/signing-core';
import { checkKey, checkSize } from '../check-blob.ts';
import { commitTogether, type Work } from './commit-together.ts';
import { type Environment, findToken } from './environment.ts';
import { type OpenBranch, openBranch } from './open-branch.ts';
import { checkGitReference, type GitReference } from './reference.ts';
import type { Found, Snapshot } from './snapshot.ts';
import type { Worked } from './stage.ts';
import { createTurns, shareTurn } from './turns.ts';
import type { Author } from './write-commit.ts';

export type GitStoreOptions = GitReference & {
  /** A directory (0700) that remembers the branch for later runs: rewrites are noticed across runs, and less is fetched. */
  readonly cache?: string;
  /** Milliseconds that a call waits for the server before it throws `unreachable`; 30,000. */
  readonly deadline?: number;
  /** The environment variable with the token for https. Without: `CI_JOB_TOKEN` on the job's own GitLab, else git's own means. */
  readonly tokenEnv?: string;
  /** The user that goes with the token; `gitlab-ci-token` for `CI_JOB_TOKEN`, else `x-access-token`. */
  readonly tokenUser?: string;
  /** Who commits; Signwright. No person, for what is pushed stays. */
  readonly author?: Author;
  /** `process.env`. */
  readonly environment?: Environment;
};

type Job = { readonly work: Work; settle(worked: Worked): void; reject(error: unknown): void };

const DEADLINE = 30_000;
const AUTHOR: Author = { name: 'Signwright', email: 'signwright@invalid' };

/**
 * Keeps blobs on a branch of a git repository: each key a plain file, each write a commit, shared by all who may push.
 *
 * A write has taken effect once its commit is pushed, as the one child of the commit it was made on: the server lets exactly one
 * such push win, and who was not first does it again on the new head. Calls of one process that come while another is under way
 * share a commit. `work` of `transact` writes to the store it is given: to wait for this one in it would be to wait for itself.
 *
 * A version is the ids of two blobs, the key's own and that of a mark beside it (`KEY@`) which every swap writes anew, so that
 * bytes which come back bring no version back. A key without a mark is written once, and read without asking the server again.
 *
 * A branch enforces no retention: whoever may force a push can remove what is on it. That is noticed, not prevented: a head that
 * does not come after each one seen before (by this process, or by any that used the cache) is `verification`.
 * Throws SignwrightError `configuration` where the server refuses, `unreachable` where it cannot be reached in time, `conflict`
 * where others were first all the time.
 */
export function createGitStore(options: GitStoreOptions): BlobStore & Transactions {
  const { url, branch, cache, deadline = DEADLINE, author = AUTHOR, environment = process.env } = options;
  checkGitReference({ url, branch });
  const token = findToken(url, environment, options.tokenEnv, options.tokenUser);
  const where = `${url}#${branch}`;
  const takeTurn = createTurns();
  let opened: OpenBranch | undefined;
  let waiting: Job[] = [];
  let lastAsked = 0;

  async function open(): Promise<OpenBranch> {
    const until = performance.now() + deadline;
    opened ??= await openBranch({ url, branch, cache, deadline, token, author, environment, where }, until);
    return opened;
  }

  /** The branch as it is at the server, no earlier than when it was last asked for. */
  const refreshed = shareTurn(takeTurn, async (): Promise<OpenBranch> => {
    const since = lastAsked;
    const current = await open();
    if (current.branch.asOf < since) await current.branch.refresh(performance.now() + deadline);
    await current.tidy();
    return current;
  });

  const commitWaiting = shareTurn(takeTurn, async (): Promise<void> => {
    const jobs = waiting;
    const since = lastAsked;
    waiting = [];
    try {
      const current = await open();
      const works = jobs.map(({ work }) => work);
      const ended = await commitTogether(current, works, { since, deadline, where });
      for (const [i, worked] of ended.entries()) jobs[i]?.settle(worked);
      await current.tidy();
    } catch (error) {
      for (const { reject } of jobs) reject(error);
    }
  });

  async function transact<T>(work: (blobs: BlobStore) => Promise<T>): Promise<T> {
    const worked = await new Promise<Worked>((settle, reject) => {
      waiting.push({ work, settle, reject });
      lastAsked = performance.now();
      void commitWaiting();
    });
    return worked.result() as T;
  }

  async function read(snapshot: Snapshot, key: string, found: Found): Promise<Blob> {
    return { bytes: await snapshot.read(key, found), version: found.version };
  }

  return {
    transact,
    async putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean> {
      checkKey(key);
      checkSize(key, bytes);
      const given = Uint8Array.from(bytes);
      return transact((blobs) => blobs.putIfAbsent(key, given));
    },
    async compareAndSwap(key: string, expected: Version | undefined, bytes: Uint8Array): Promise<Version | undefined> {
      checkKey(key);
      checkSize(key, bytes);
      const given = Uint8Array.from(bytes);
      return transact((blobs) => blobs.compareAndSwap(key, expected, given));
    },
    async get(key: string): Promise<Blob | undefined> {
      checkKey(key);
      const known = opened?.snapshot();
      const once = await known?.find(key);
      if (known !== undefined && once !== undefined && !once.swapped) return read(known, key, once);
      lastAsked = performance.now();
      const snapshot = (await refreshed()).snapshot();
      const found = await snapshot.find(key);
      return found && read(snapshot, key, found);
    },
  };
}
