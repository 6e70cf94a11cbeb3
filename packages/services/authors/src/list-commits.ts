import { MAX_COMMITS } from './collect-authors.ts';
import { formatOf, orIncomplete } from './outcome.ts';
import { readCommits } from './read-commits.ts';
import { type GitOptions, withGit } from './run-git.ts';
import { walkHistory } from './walk-history.ts';

/** What is new, newest first; with `incomplete`, some of it may be missing. */
export type NewCommits = { readonly commits: readonly string[]; readonly incomplete?: string };

/**
 * Lists the commits whose authors `collectAuthors` looks for, so that a platform can be asked about them first. Whether all are there,
 * and `base` is an ancestor, `collectAuthors` finds out.
 *
 * @throws SignwrightError `cancelled` alone.
 */
export async function listCommits(
  options: GitOptions & { readonly head: string; readonly base?: string; readonly most?: number },
): Promise<NewCommits> {
  const { head, base, most = MAX_COMMITS } = options;
  const commits: string[] = [];
  const incomplete = await orIncomplete(async () => {
    await withGit(options, formatOf(head, base), async (git) => {
      for await (const _ of readCommits(git, base === undefined ? [head] : [head, base]));
      await walkHistory(git, { from: head, without: base, most }, async ({ id }) => {
        commits.push(id);
        return undefined;
      });
    });
  });
  return { commits, ...(incomplete === undefined ? {} : { incomplete }) };
}
