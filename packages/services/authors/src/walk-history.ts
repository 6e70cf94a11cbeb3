import { SignwrightError } from '@signwright/signing-core';
import { type Commit, parseCommit } from './parse-commit.ts';
import { readCommits } from './read-commits.ts';
import type { Git } from './run-git.ts';

export type Walk = {
  readonly from: string;
  /** What is reachable from it is left out. */
  readonly without?: string | undefined;
  /** Commits, at the most. */
  readonly most: number;
};

/**
 * Visits every commit reachable from one, children before parents, until `visit` says to stop. What git lists is taken for a hint
 * only: a commit is visited where a commit visited before names it as its parent, and each is what its id says.
 *
 * @returns the edge: parents that were named and not visited. Where nothing is left out, none is.
 * @throws SignwrightError `invalid-input` where commits are missing or more than asked for.
 */
export async function walkHistory(
  git: Git,
  { from, without, most }: Walk,
  visit: (commit: Commit) => Promise<'stop' | undefined>,
): Promise<ReadonlySet<string>> {
  const edge = new Set([from]);
  const visited = new Set<string>();
  const exclusion = without === undefined ? [] : [`^${without}`];
  const listing = git.start(['rev-list', `--max-count=${most + 1}`, from, ...exclusion]);
  listing.stdin.end();
  try {
    for await (const raw of readCommits(git, listing.stdout)) {
      if (visited.size === most) throw tooMany(most);
      if (!edge.delete(raw.id))
        throw new SignwrightError('invalid-input', `git lists ${raw.id}, which no commit before it names`);
      visited.add(raw.id);
      const commit = parseCommit(raw, git.format);
      for (const parent of commit.parents) if (!visited.has(parent)) edge.add(parent);
      if ((await visit(commit)) === 'stop') return edge;
    }
    await listing.ended;
  } finally {
    listing.stop();
  }
  return edge;
}

function tooMany(most: number): SignwrightError {
  return new SignwrightError('invalid-input', `the history has more than ${most} commits to look at`, {
    next: 'name the last release that was allowed, or release more often',
  });
}
