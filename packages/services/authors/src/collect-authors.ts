import { SignwrightError, type UnknownCommit } from '@signwright/signing-core';
import { emailsOf } from './commit-emails.ts';
import { type Author, authorFinder, type Witnesses } from './known-author.ts';
import { formatOf, orIncomplete } from './outcome.ts';
import { readCommits } from './read-commits.ts';
import { type Git, type GitOptions, withGit } from './run-git.ts';
import { walkHistory } from './walk-history.ts';

export type CollectOptions = GitOptions &
  Witnesses & {
    /** The commit to release: 40 or 64 lower-case hex digits. */
    readonly head: string;
    /** The commit of the last release that was allowed; without it, the whole history is new. */
    readonly base?: string;
    /** Commits at the most; {@link MAX_COMMITS} unless told. */
    readonly most?: number;
  };

/** Who wrote what is reachable from `head` and not from `base`. Lists are sorted, each entry once. */
export type AuthorList = {
  readonly head: string;
  readonly base?: string;
  readonly commits: number;
  readonly authors: readonly Author[];
  /** Of authors, committers and co-authors, as `normaliseEmail` writes them. Self-asserted: they only exclude. */
  readonly emails: readonly string[];
  /** Commits whose author is not known, newest first. */
  readonly unknown: readonly UnknownCommit[];
  /** Why authors may be missing here. A verdict that rests on this list is inconclusive then. */
  readonly incomplete?: string;
};

/** How many commits a release may bring. */
export const MAX_COMMITS = 100_000;

const MAX_EMAILS = 100_000;
/** How far back of the base is looked for where branches left it. */
const MAX_BEFORE_BASE = 1_000_000;

/**
 * Lists who wrote what is new between two commits: every commit reachable from `head` and not from `base`, merges and what they merge
 * included. Parents are read from the commits themselves, each hashed, from `head` down; so neither a shallow clone, a graft, a replace
 * ref nor a lying commit graph hides one.
 *
 * @returns what was found; with `incomplete` where commits are missing, `base` is no ancestor of `head`, or git failed.
 * @throws SignwrightError `cancelled` alone.
 */
export async function collectAuthors(options: CollectOptions): Promise<AuthorList> {
  const { head, base, most = MAX_COMMITS } = options;
  const authors = new Map<string, Author>();
  const emails = new Set<string>();
  const unknown: UnknownCommit[] = [];
  let commits = 0;

  const incomplete = await orIncomplete(async () => {
    const format = formatOf(head, base);
    const authorsOf = authorFinder(options);
    await withGit(options, format, async (git) => {
      for await (const _ of readCommits(git, base === undefined ? [head] : [head, base]));
      const edge = await walkHistory(git, { from: head, without: base, most }, async (commit) => {
        commits++;
        for (const email of emailsOf(commit)) emails.add(email);
        if (emails.size > MAX_EMAILS) throw tooMany();
        const known = authorsOf(commit);
        if ('why' in known) unknown.push({ commit: commit.id, why: known.why });
        else for (const author of known.authors) authors.set(orderOf(author), author);
        return undefined;
      });
      await proveEdge(git, edge, base);
    });
  });
  return {
    head,
    ...(base === undefined ? {} : { base }),
    commits,
    authors: [...authors.keys()].sort().map((order) => authors.get(order) as Author),
    emails: [...emails].sort(),
    unknown,
    ...(incomplete === undefined ? {} : { incomplete }),
  };
}

/** Every parent that was left out is the base or an ancestor of it: git's word is not enough. */
async function proveEdge(git: Git, edge: ReadonlySet<string>, base: string | undefined): Promise<void> {
  const unproven = new Set(edge);
  if (base !== undefined && !unproven.delete(base)) {
    throw new SignwrightError(
      'invalid-input',
      `the base ${base} is no ancestor of what is released, so it proves nothing of it`,
      {
        next: 'name the last allowed release this one was built on, or none',
      },
    );
  }
  if (base !== undefined && unproven.size > 0) {
    await walkHistory(git, { from: base, most: MAX_BEFORE_BASE }, async ({ parents }) => {
      for (const parent of parents) unproven.delete(parent);
      return unproven.size === 0 ? 'stop' : undefined;
    });
  }
  const [left] = unproven;
  if (left !== undefined)
    throw new SignwrightError('invalid-input', `git left out the commit ${left}, which the base does not contain`);
}

function orderOf(author: Author): string {
  return author.by === 'platform' ? `platform ${author.account.platform} ${author.account.id}` : `signature ${author.person}`;
}

function tooMany(): SignwrightError {
  return new SignwrightError('invalid-input', `the commits name more than ${MAX_EMAILS} addresses`);
}
