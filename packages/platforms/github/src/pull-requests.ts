import { isAbsent, type JsonObject } from '@signwright/signing-core';
import type { Ask } from './ask.ts';

const PERMISSION = 'pull-requests: read';

/** A pull request that a commit is part of. */
export type PullRequest = {
  readonly number: number;
  /** GitHub's number of who opened it; absent for an account that is gone. */
  readonly author: number | undefined;
  readonly head: string;
  /** The commit it became, by whichever method; absent until it is merged. */
  readonly merge: string | undefined;
  readonly base: { readonly branch: string; readonly isDefault: boolean };
};

/** The pull requests of a commit (GET /repos/{owner}/{repo}/commits/{sha}/pulls). */
export async function pullRequestsOf(ask: Ask, commit: string): Promise<readonly PullRequest[]> {
  const { read } = ask;
  const entries = await ask.every(`/commits/${commit}/pulls`, PERMISSION);
  return entries.map((entry) => {
    const base = read.record(entry['base'], 'base');
    const branch = read.text(base['ref'], 'base.ref');
    return {
      number: numberIn(entry, 'number', ask),
      author: entry['user'] === null ? undefined : numberIn(read.record(entry['user'], 'user'), 'id', ask),
      head: read.text(read.record(entry['head'], 'head')['sha'], 'head.sha'),
      merge: isAbsent(entry['merged_at']) ? undefined : read.text(entry['merge_commit_sha'], 'merge_commit_sha'),
      base: { branch, isDefault: branch === read.record(base['repo'], 'base.repo')['default_branch'] },
    };
  });
}

/** The reviews of a pull request, oldest first. */
export function reviewsOf(ask: Ask, number: number): Promise<readonly JsonObject[]> {
  return ask.every(`/pulls/${number}/reviews`, PERMISSION);
}

export function numberIn(from: JsonObject, key: string, { read }: Ask): number {
  const value = from[key];
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0
    ? value
    : read.fail(key, 'must be a number from 1');
}
