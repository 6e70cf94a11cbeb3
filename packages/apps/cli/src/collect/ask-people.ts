import { collectAuthors, listCommits } from '@signwright/authors';
import {
  type AuthorsPredicate,
  MAX_UNKNOWN_LISTED,
  type PersonRule,
  type PlatformAccount,
  type Sha256,
} from '@signwright/signing-core';
import type { CertifiedGroup } from './certified-groups.ts';
import type { Sources } from './open-sources.ts';

export type AskPeople = {
  readonly git: string;
  readonly base: string | undefined;
  readonly environment: string;
  readonly people: readonly PersonRule[];
  readonly sources: Sources | undefined;
  readonly signal: AbortSignal;
};

/** A platform is asked about so many commits at once … */
const AT_ONCE = 500;
/** … and about so many in all; the authors of others are known by their signatures alone. */
const MOST_ASKED = 10_000;

/**
 * Who wrote what is new, and who asked for the run, as far as history, signatures and the platform tell. What they cannot tell is said
 * in the list, and makes the verdict inconclusive.
 *
 * @throws SignwrightError what the platform's source throws: it may be asked again.
 */
export async function askPeople({ source }: CertifiedGroup, asking: AskPeople): Promise<AuthorsPredicate> {
  const { git: directory, base, environment, people, sources, signal } = asking;
  const history = { directory, head: source.commit, signal, ...(base === undefined ? {} : { base }) };
  const answers: Sha256[] = [];
  const verified = new Map<string, readonly PlatformAccount[]>();
  if (sources !== undefined) {
    const { commits } = await listCommits(history);
    for (let at = 0; at < Math.min(commits.length, MOST_ASKED); at += AT_ONCE) {
      const said = await sources.people.authors(commits.slice(at, at + AT_ONCE));
      answers.push(said.answer);
      for (const [commit, accounts] of said.verified) verified.set(commit, accounts);
    }
  }
  const list = await collectAuthors({ ...history, verified, people });
  const about = { commit: source.commit, environment, ...(sources?.run === undefined ? {} : { run: sources.run }) };
  const run = sources?.run === undefined ? undefined : await sources.people.requester(about);
  if (run) answers.push(run.answer);
  return {
    ...source,
    environment,
    ...(base === undefined ? {} : { base }),
    authors: list.authors.flatMap((one) => (one.by === 'platform' ? [one.account] : [])),
    persons: list.authors.flatMap((one) => (one.by === 'signature' ? [one.person] : [])),
    emails: list.emails,
    ...(run?.requester === undefined ? {} : { requester: run.requester }),
    retriers: run?.retriers ?? [],
    unknown: { total: list.unknown.length, first: list.unknown.slice(0, MAX_UNKNOWN_LISTED) },
    ...(list.incomplete === undefined ? {} : { incomplete: list.incomplete.slice(0, 1000) }),
    answers,
  };
}
