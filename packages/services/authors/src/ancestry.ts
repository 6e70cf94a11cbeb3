import { formatOf, orIncomplete } from './outcome.ts';
import { type GitOptions, withGit } from './run-git.ts';
import { walkHistory } from './walk-history.ts';

/** `ancestor` holds only where it is proven; with `incomplete`, that it is none is not proven either. */
export type Ancestry = { readonly ancestor: boolean; readonly incomplete?: string };
/** `commit` is proven to be an ancestor; with `incomplete`, an earlier candidate may be one too. */
export type LastAncestor = { readonly commit?: string; readonly incomplete?: string };

const MAX_HISTORY = 1_000_000;

/** Whether one commit is an ancestor of another, or the same. @throws SignwrightError `cancelled` alone. */
export async function isAncestor(
  options: GitOptions & { readonly ancestor: string; readonly commit: string },
): Promise<Ancestry> {
  const { commit: head, ancestor, ...where } = options;
  const { commit, incomplete } = await lastAncestor({ ...where, head, candidates: [ancestor] });
  return { ancestor: commit !== undefined, ...(incomplete === undefined ? {} : { incomplete }) };
}

/**
 * The first of some commits (the newest first) that is an ancestor of `head`, or `head` itself: the base a release builds on. Looks through
 * the history once, and no further than the first candidate; a candidate the repository does not have is no ancestor.
 *
 * @throws SignwrightError `cancelled` alone.
 */
export async function lastAncestor(
  options: GitOptions & { readonly head: string; readonly candidates: readonly string[] },
): Promise<LastAncestor> {
  const { head, candidates } = options;
  const wanted = new Set(candidates);
  const found = new Set<string>();
  const incomplete = await orIncomplete(async () => {
    const format = formatOf(head, ...candidates);
    await withGit(options, format, async (git) => {
      await walkHistory(git, { from: head, most: MAX_HISTORY }, async ({ id, parents }) => {
        for (const reached of [id, ...parents]) if (wanted.has(reached)) found.add(reached);
        return candidates.length === 0 || found.has(candidates[0] as string) ? 'stop' : undefined;
      });
    });
  });
  const commit = candidates.find((candidate) => found.has(candidate));
  return { ...(commit === undefined ? {} : { commit }), ...(incomplete === undefined ? {} : { incomplete }) };
}
