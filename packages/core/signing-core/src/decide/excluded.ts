import type { AuthorsPredicate } from '../duties/author-list.ts';
import type { PlatformAccount } from '../ports/approval-source.ts';
import type { DutiesRequirement, PersonRule } from '../requirement.ts';

/**
 * Why a person's word does not count where duties are separated: they wrote some of it, asked for it or had it run again (whoever
 * replays a run may have changed it), or nobody can tell.
 *
 * @param lists who wrote it and who asked for it; whoever is on any of them is excluded.
 * @param asserted whom the run itself names as its requester, `platform:id` each, in lower case.
 */
export function whyExcluded(
  person: PersonRule,
  apart: DutiesRequirement['apart'],
  lists: readonly AuthorsPredicate[],
  asserted: readonly string[],
): string | undefined {
  const own = person.accounts.map(wordOf);
  if (apart.includes('requester')) {
    const asked = own.some((account) => asserted.includes(account) || lists.some((list) => namedIn(list).asked.has(account)));
    if (asked) return `${person.id} asked for the release, or had it run again, and duties are separated`;
  }
  if (apart.includes('author')) {
    const wrote = lists
      .map(namedIn)
      .some(
        ({ authors, persons, emails }) =>
          own.some((account) => authors.has(account)) ||
          persons.has(person.id) ||
          person.emails.some((email) => emails.has(email)),
      );
    if (wrote) return `${person.id} wrote some of it, and duties are separated`;
  }
  return whyUntellable(person, apart, lists);
}

/** Whoever has no account where the authors and the requester have theirs could be any of them. */
function whyUntellable(
  person: PersonRule,
  apart: DutiesRequirement['apart'],
  lists: readonly AuthorsPredicate[],
): string | undefined {
  const platforms = lists
    .map(namedIn)
    .flatMap(({ authorsOn, askedOn }) => [
      ...(apart.includes('author') ? authorsOn : []),
      ...(apart.includes('requester') ? askedOn : []),
    ]);
  const missing = platforms.find((platform) => !person.accounts.some((account) => account.platform === platform));
  return missing === undefined
    ? undefined
    : `the policy names no ${missing} account of ${person.id}, so nobody can tell whether ${person.id} is the author or the requester`;
}

/** Whom a list names, for looking up. */
type Named = {
  readonly authors: ReadonlySet<string>;
  readonly authorsOn: ReadonlySet<string>;
  readonly persons: ReadonlySet<string>;
  readonly emails: ReadonlySet<string>;
  readonly asked: ReadonlySet<string>;
  readonly askedOn: ReadonlySet<string>;
};

const indexes = new WeakMap<AuthorsPredicate, Named>();

/** One list may name thousands, and be about thousands of artifacts. */
function namedIn(list: AuthorsPredicate): Named {
  const known = indexes.get(list);
  if (known) return known;
  const asked = [...(list.requester === undefined ? [] : [list.requester]), ...list.retriers];
  const index = {
    authors: new Set(list.authors.map(wordOf)),
    authorsOn: new Set(list.authors.map(({ platform }) => platform)),
    persons: new Set(list.persons),
    emails: new Set(list.emails),
    asked: new Set(asked.map(wordOf)),
    askedOn: new Set(asked.map(({ platform }) => platform)),
  };
  indexes.set(list, index);
  return index;
}

function wordOf({ platform, id }: PlatformAccount): string {
  return `${platform}:${id}`.toLowerCase();
}
