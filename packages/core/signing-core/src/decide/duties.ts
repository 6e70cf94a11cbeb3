import { AUTHORS, type AuthorsPredicate, readAuthors } from '../duties/author-list.ts';
import { quoted } from '../formats/quoted.ts';
import { matchAuthor } from '../match-author.ts';
import type { DutiesRequirement, PersonRule, SignerRule } from '../requirement.ts';
import type { Outcome, Refusal } from '../verdict.ts';
import type { Verified, VerifiedStatement } from '../verify-evidence.ts';
import { type DecisionContext, whyNotNow } from './context.ts';
import { whyExcluded } from './excluded.ts';
import { readingOnce } from './read-once.ts';

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
 * it or had it run again. A list is believed only by one of the collectors, and only about a commit and repository that a certificate of
 * the signatures carries; each of them needs one. The newest tells whether all are known; whoever is on any of them does not count. What
 * the run itself says of its requester only ever excludes more.
 *
 * @param counted the parts that meet the signature requirements.
 */
export function separateDuties(
  requirement: DutiesRequirement | undefined,
  counted: readonly Verified[],
  context: DecisionContext,
): Duties {
  const sources = sourcesOf(counted);
  const commits = new Set(sources.map(({ commit }) => commit));
  if (requirement === undefined) return { excludes: () => undefined, commits };
  const { lists, refused } = findLists(requirement, sources, context);
  const asserted = counted.flatMap(({ part }) => part.source.asserted['requester']?.toLowerCase() ?? []);
  const said = lists.map((list) => list.said);
  return {
    excludes: (person) => whyExcluded(person, requirement.apart, said, asserted),
    commits,
    outcome: outcomeOf(requirement, sources, lists, refused, context),
  };
}

/** A commit of a repository, as a certificate names them. */
type Source = { readonly commit: string; readonly repositoryId?: string | undefined; readonly repository?: string | undefined };

function sourcesOf(counted: readonly Verified[]): Source[] {
  const sources = counted.flatMap(({ author }) => {
    if (author.type !== 'certificate' || author.commit === undefined) return [];
    const { 'repository-id': repositoryId, repository } = author.claims;
    return [{ commit: author.commit, repositoryId, repository }];
  });
  return [...new Map(sources.map((source) => [JSON.stringify(Object.values(source)), source])).values()];
}

type List = { readonly said: AuthorsPredicate; readonly one: VerifiedStatement };

const readList = readingOnce(({ predicate }) => readAuthors(predicate));

/** The lists by a collector about one of these sources, the newest first. */
function findLists(
  { collectors }: DutiesRequirement,
  sources: readonly Source[],
  context: DecisionContext,
): { readonly lists: readonly List[]; readonly refused: readonly Refusal[] } {
  const lists: List[] = [];
  const refused: Refusal[] = [];
  for (const one of context.statements ?? []) {
    if (one.statement.predicateType !== AUTHORS || !one.digests.has(context.artifact.digest)) continue;
    const read = readList(one);
    const why =
      'why' in read ? read.why : (whyNotNow(one, context) ?? whyNotBy(one, collectors) ?? whyNotOf(read.said, sources, context));
    if (why) refused.push({ evidence: one.evidence, ...why });
    else if ('said' in read) lists.push({ said: read.said, one });
  }
  lists.sort((a, b) => b.one.time.at - a.one.time.at || (a.one.evidence < b.one.evidence ? -1 : 1));
  return { lists, refused: refused.sort((a, b) => (a.evidence < b.evidence ? -1 : 1)) };
}

type Why = Omit<Refusal, 'evidence'>;

/** Why whoever made a statement is none of these signers. */
export function whyNotBy(one: VerifiedStatement, signers: readonly SignerRule[]): Why | undefined {
  const reasons = signers.map((signer) => matchAuthor(one, signer));
  return reasons.includes(undefined)
    ? undefined
    : (reasons[0] ?? { code: 'identity-mismatch', message: 'the policy names nobody whose word counts for this (verifiers)' });
}

/** A list of another commit or repository tells nothing of this, nor one since what was allowed elsewhere. */
function whyNotOf(said: AuthorsPredicate, sources: readonly Source[], { environment }: DecisionContext): Why | undefined {
  if (said.environment !== environment.id)
    return { code: 'other-environment', message: `it says who wrote what is new in the environment ${quoted(said.environment)}` };
  if (sources.some((source) => isAbout(said, source))) return undefined;
  if (sources.some(({ commit }) => commit === said.commit))
    return { code: 'other-commit', message: 'it is about another repository than the signatures are' };
  const known =
    sources.length === 0
      ? 'no certificate of the signatures names a commit'
      : `the signatures' certificates name ${sources.map(({ commit }) => commit).join(', ')}`;
  return { code: 'other-commit', message: `it is about the commit ${said.commit}, and ${known}` };
}

/** Ids of repositories outlast their names; where either names neither, nobody can tell. */
function isAbout(said: AuthorsPredicate, { commit, repositoryId, repository }: Source): boolean {
  if (said.commit !== commit) return false;
  if (repositoryId !== undefined && said.repositoryId !== undefined) return repositoryId === said.repositoryId;
  return repository !== undefined && repository === said.repository;
}

function outcomeOf(
  { id, layer, apart }: DutiesRequirement,
  sources: readonly Source[],
  lists: readonly List[],
  refused: readonly Refusal[],
  context: DecisionContext,
): Outcome {
  const newest = sources.map((source) => lists.find(({ said }) => isAbout(said, source)));
  const used = [...new Set(newest.flatMap((list) => list ?? []))];
  const base = { requirement: id, layer, evidence: used.map(({ one }) => one.evidence), refused };
  const next = { text: 'have a verifier collect who wrote it and who asked for it ("signwright collect"), then verify again' };
  const why = context.unreachable ?? whyUnknown(apart, sources, newest, refused);
  if (why !== undefined) return { ...base, status: 'inconclusive', code: 'authors-unknown', message: why, next };
  const bases = used.map(({ said }) => said.base ?? 'the first commit').join(' and ');
  const authors = used.reduce((sum, { said }) => sum + said.authors.length + said.persons.length, 0);
  const who = [
    ...(apart.includes('author') ? [`${authors} authors since ${bases}`] : []),
    ...(apart.includes('requester') ? ['who asked for it'] : []),
  ].join(' and ');
  const message = `${who} are known, and none of them counts as an approver`;
  return { ...base, status: 'met', code: 'duties-separated', message };
}

/** Why it is not known who wrote it or who asked for it. */
function whyUnknown(
  apart: DutiesRequirement['apart'],
  sources: readonly Source[],
  newest: readonly (List | undefined)[],
  refused: readonly Refusal[],
): string | undefined {
  const without = newest.indexOf(undefined);
  if (sources.length === 0 || without >= 0) {
    const what = sources.length < 2 ? 'it' : `what was made of ${sources[without]?.commit}`;
    const found = refused.length === 0 ? '' : `; ${refused.length} lists found and refused`;
    return `nobody whose word counts says who wrote ${what}${found}`;
  }
  for (const { said } of newest.flatMap((list) => list ?? [])) {
    const [first] = said.unknown.first;
    if (apart.includes('author') && said.incomplete !== undefined) return `who wrote it is not known: ${said.incomplete}`;
    if (apart.includes('author') && first !== undefined) return `the author of ${first.commit} is not known: ${first.why}`;
    if (apart.includes('requester') && said.requester === undefined) return 'who asked for it is not known';
  }
  return undefined;
}
