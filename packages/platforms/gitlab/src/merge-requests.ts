import type { JsonObject } from '@signwright/signing-core';
import type { Question } from './question.ts';

/** A merge request that a commit is part of. */
export type MergeRequest = {
  readonly number: number;
  /** GitLab's number of who opened it. */
  readonly author: unknown;
  readonly target: string;
  readonly head: string;
  /** The commits it became: merged and squashed; none until it is merged. */
  readonly became: readonly string[];
  readonly url: string;
};

/** The merge requests of a commit (GET /projects/:id/repository/commits/:sha/merge_requests). */
export async function mergeRequestsOf(question: Question, project: string, commit: string): Promise<readonly MergeRequest[]> {
  const { read, options } = question;
  const { Commits } = await import('./gitbeaker.ts');
  const commits = new Commits(options);
  const entries = await question.every(`list the merge requests of ${commit}`, (at) =>
    commits.allMergeRequests(project, commit, at),
  );
  return entries.map((entry) => {
    const merged = entry['state'] === 'merged' ? [entry['merge_commit_sha'], entry['squash_commit_sha']] : [];
    return {
      number: numberIn(entry, 'iid', question),
      author: read.record(entry['author'], 'author')['id'],
      target: read.text(entry['target_branch'], 'target_branch'),
      head: read.text(entry['sha'], 'sha'),
      became: merged.filter((sha) => typeof sha === 'string'),
      url: read.text(entry['web_url'], 'web_url'),
    };
  });
}

export function numberIn(from: JsonObject, key: string, { read }: Question): number {
  const value = from[key];
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0
    ? value
    : read.fail(key, 'must be a number from 1');
}
