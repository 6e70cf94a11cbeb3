import { AUTHORS, type AuthorsPredicate, readAuthors } from '../duties/author-list.ts';
import { SignwrightError } from '../error.ts';
import { matchAuthor } from '../match-author.ts';
import type { PlatformAccount } from '../ports/approval-source.ts';
import type { DutiesRequirement, PersonRule, SignerRule } from '../requirement.ts';
import type { Outcome, Refusal } from '../verdict.ts';
import type { Verified, VerifiedStatement } from '../verify-evidence.ts';
import { type DecisionContext, whyNotNow } from './context.ts';

/** Who may not approve, and from which commits the artifact was certified to be made. */
export type Duties = {
  /** Why this person's approval does not count; undefined where it may. */
  excludes(person: PersonRule): string | undefined;
  /** The commits that the certificates of the signatures that count carry. */
  readonly commits: ReadonlySet<string>;
  /** What became of the requirement, where there is one. */
  readonly outcome?: Outcome;
};

/**
 * Finds out whom the separation of duties keeps from approving: the authors of what is new since the last release, and who asked for
 * it. The list is believed only by one of the collectors, and only about the commit that the certificates of the signatures carry.
 * What the run itself says of its requester only ever excludes more.
 *
 * @param counted the parts that meet the signature requirements.
 */
export function separateDuties(
  requirement: DutiesRequirement | undefined,
  counted: readonly Verified[],
  context: DecisionContext,
): Duties {
  const commits = new Set(counted.flatMap(({ author }) => (author.type === 'certificate' ? (author.commit ?? []) : [])));
  if (requirement === undefined) return { excludes: () => undefined, commits };
  const { found, refused } = findList(requirement, counted, commits, context);
  const asserted = counted.flatMap(({ part }) => part.source.asserted['requester'] ?? []);
  const excludes = (person: PersonRule): string | undefined => whyExcluded(person, requirement, found?.list, asserted);
  return { excludes, commits, outcome: outcomeOf(requirement, found, refused, context) };
}

type Found = { readonly list: AuthorsPredicate; readonly one: VerifiedStatement };

/** The newest list by a collector about one of these commits. */
function findList(
  { collectors }: DutiesRequirement,
  counted: readonly Verified[],
  commits: ReadonlySet<string>,
  context: DecisionContext,
): { readonly found?: Found; readonly refused: readonly Refusal[] } {
  const refused: Refusal[] = [];
  let found: Found | undefined;
  for (const one of context.statements ?? []) {
    if (one.statement.predicateType !== AUTHORS || !one.digests.has(context.artifact.digest)) continue;
    const read = readList(one);
    const why =
      'why' in read ? read.why : (whyNotNow(one, context) ?? whyNotBy(one, collectors) ?? whyNotOf(read.list, counted, commits));
    if (why) refused.push({ evidence: one.evidence, ...why });
    else if ('list' in read && (found === undefined || isNewer(one, found.one))) found = { list: read.list, one };
  }
  refused.sort((a, b) => (a.evidence < b.evidence ? -1 : 1));
  return found === undefined ? { refused } : { found, refused };
}

type Why = Omit<Refusal, 'evidence'>;

function readList({ statement }: VerifiedStatement): { readonly list: AuthorsPredicate } | { readonly why: Why } {
  try {
    return { list: readAuthors(statement.predicate) };
  } catch (error) {
    if (!(error instanceof SignwrightError)) throw error;
    return { why: { code: 'malformed', message: error.message } };
  }
}

/** Why whoever made a statement is none of these signers. */
export function whyNotBy(one: VerifiedStatement, signers: readonly SignerRule[]): Why | undefined {
  const reasons = signers.map((signer) => matchAuthor(one, signer));
  return reasons.includes(undefined)
    ? undefined
    : (reasons[0] ?? { code: 'identity-mismatch', message: 'the policy names nobody whose word counts for this (verifiers)' });
}

/** A list of another commit, or of another repository, tells nothing of this. */
function whyNotOf(list: AuthorsPredicate, counted: readonly Verified[], commits: ReadonlySet<string>): Why | undefined {
  if (!commits.has(list.commit)) {
    const known =
      commits.size === 0
        ? 'no certificate of the signatures names a commit'
        : `the signatures' certificates name ${[...commits].join(', ')}`;
    return { code: 'other-commit', message: `it is about the commit ${list.commit}, and ${known}` };
  }
  const same = counted.some(({ author }) => {
    if (author.type !== 'certificate' || author.commit !== list.commit) return false;
    const { 'repository-id': id, repository } = author.claims;
    return id === undefined || list.repositoryId === undefined ? repository === list.repository : id === list.repositoryId;
  });
  return same ? undefined : { code: 'other-commit', message: 'it is about another repository than the signatures are' };
}

function whyExcluded(
  person: PersonRule,
  { apart }: DutiesRequirement,
  list: AuthorsPredicate | undefined,
  asserted: readonly string[],
): string | undefined {
  const has = ({ platform, id }: PlatformAccount): boolean =>
    person.accounts.some((account) => account.platform === platform && account.id.toLowerCase() === id.toLowerCase());
  if (apart.includes('requester')) {
    const asked = list?.requester !== undefined && has(list.requester);
    const said = person.accounts.some(({ platform, id }) => asserted.includes(`${platform}:${id}`));
    if (asked || said) return `${person.id} asked for the release, and duties are separated`;
  }
  if (!apart.includes('author')) return whyUntellable(person, apart, list);
  const wrote =
    list !== undefined &&
    (list.authors.some(has) || list.persons.includes(person.id) || list.emails.some((email) => person.emails.includes(email)));
  return wrote ? `${person.id} wrote some of it, and duties are separated` : whyUntellable(person, apart, list);
}

/** Whoever has no account where the authors and the requester have theirs could be any of them. */
function whyUntellable(
  person: PersonRule,
  apart: DutiesRequirement['apart'],
  list: AuthorsPredicate | undefined,
): string | undefined {
  const named = [...(apart.includes('author') ? (list?.authors ?? []) : []), ...(list?.requester ? [list.requester] : [])];
  const missing = named.find(({ platform }) => !person.accounts.some((account) => account.platform === platform));
  return missing === undefined
    ? undefined
    : `the policy names no ${missing.platform} account of ${person.id}, so nobody can tell whether ${person.id} is the author or the requester`;
}

function outcomeOf(
  { id, layer, apart }: DutiesRequirement,
  found: Found | undefined,
  refused: readonly Refusal[],
  context: DecisionContext,
): Outcome {
  const base = { requirement: id, layer, evidence: found ? [found.one.evidence] : [], refused };
  const next = { text: 'have a verifier collect who wrote it and who asked for it ("signwright collect"), then verify again' };
  const unknown = (message: string): Outcome => ({ ...base, status: 'inconclusive', code: 'authors-unknown', message, next });
  if (found === undefined)
    return unknown(
      context.unreachable ??
        `nobody whose word counts says who wrote it${refused.length === 0 ? '' : `; ${refused.length} lists found and refused`}`,
    );
  const { list } = found;
  if (apart.includes('author')) {
    if (list.incomplete !== undefined) return unknown(`who wrote it is not known: ${list.incomplete}`);
    const [first] = list.unknown.first;
    if (first) return unknown(`the author of ${first.commit} is not known: ${first.why}`);
  }
  if (apart.includes('requester') && list.requester === undefined) return unknown('who asked for it is not known');
  const who = [
    ...(apart.includes('author')
      ? [`${list.authors.length + list.persons.length} authors since ${list.base ?? 'the first commit'}`]
      : []),
    ...(apart.includes('requester') ? ['who asked for it'] : []),
  ].join(' and ');
  return {
    ...base,
    status: 'met',
    code: 'duties-separated',
    message: `${who} are known, and none of them counts as an approver`,
  };
}

function isNewer(a: VerifiedStatement, b: VerifiedStatement): boolean {
  return a.time.at === b.time.at ? a.evidence < b.evidence : a.time.at > b.time.at;
}
