import { isoTime } from '../formats/iso-time.ts';
import { isMember, peopleOf } from '../match-person.ts';
import type { ApprovalRequirement, RoleRule } from '../requirement.ts';
import type { NextStep, Outcome, Refusal } from '../verdict.ts';
import { type DecisionContext, expiring, type Recording } from './context.ts';
import type { Duties } from './duties.ts';
import { hearPlatforms } from './platform-words.ts';
import { seatPeople } from './seats.ts';
import { hearSigned, standingWords, type Word } from './words.ts';

/**
 * Decides the approvals an artifact needs, all of them together: several roles need different people, one person counts once,
 * whatever keys and accounts they have. A rejection blocks until who gave it withdraws it or approves.
 *
 * @param duties whom the separation of duties keeps from counting.
 * @param recording where a record is required, what was rejected or withdrawn must be read from the log.
 * @param unheld evidence about the artifact that did not hold.
 */
export function decideApprovals(
  requirements: readonly ApprovalRequirement[],
  duties: Duties,
  recording: Recording,
  unheld: readonly Refusal[],
  context: DecisionContext,
): Outcome[] {
  if (requirements.length === 0) return [];
  const people = peopleOf(requirements.map(({ role }) => role));
  const signed = hearSigned(people, context);
  const platforms = hearPlatforms(requirements, people, duties.commits, context);
  const words = standingWords([...signed.heard, ...platforms.heard]);
  const unheard = [...signed.refused, ...platforms.refused];
  const unknown = whyNotKnown(recording, unheld, context);
  const judged = requirements.map((requirement) => judgeWords(words, requirement, duties, recording, context));
  const seatOf = seatAll(judged);
  return judged.map(({ requirement, counted, refused }) => {
    const seated = counted.filter(({ person }) => seatOf.get(person.id) === requirement.role.id);
    const rejected = words.find(({ decision, person, at }) => decision === 'reject' && isMember(requirement.role, person.id, at));
    const found = { counted: seated.slice(0, requirement.count), refused: inOrder([...unheard, ...refused]), rejected, unknown };
    return outcomeOf(requirement, found, duties, seatOf, context);
  });
}

type Judged = {
  readonly requirement: ApprovalRequirement;
  /** One word of each person, the best first. */
  readonly counted: readonly Word[];
  readonly refused: readonly Refusal[];
};

/** For which role each person is counted; a role that signs and clicks takes the highest count of people, not the sum. */
function seatAll(judged: readonly Judged[]): ReadonlyMap<string, string> {
  const roles: string[] = [];
  const seats: ReadonlySet<string>[] = [];
  // Whoever counts where all must sign counts where a click suffices.
  const signedFirst = [...judged].sort(
    (a, b) => Number(b.requirement.kind === 'signed') - Number(a.requirement.kind === 'signed'),
  );
  for (const { requirement, counted } of signedFirst) {
    const { role, count } = requirement;
    const able = new Set(counted.map(({ person }) => person.id));
    for (let taken = roles.filter((one) => one === role.id).length; taken < count; taken++) {
      roles.push(role.id);
      seats.push(able);
    }
  }
  const best = judged.length === 1 ? (judged[0]?.counted ?? []) : judged.flatMap(({ counted }) => counted).sort(firstTheBetter);
  const seated = seatPeople(
    seats,
    best.map(({ person }) => person.id),
  );
  const seatOf = new Map<string, string>();
  for (const [at, person] of seated.entries()) if (person !== undefined) seatOf.set(person, roles[at] ?? '');
  return seatOf;
}

type Found = {
  readonly counted: readonly Word[];
  readonly refused: readonly Refusal[];
  readonly rejected: Word | undefined;
  readonly unknown: string | undefined;
};

function outcomeOf(
  requirement: ApprovalRequirement,
  { counted, refused, rejected, unknown }: Found,
  duties: Duties,
  seatOf: ReadonlyMap<string, string>,
  context: DecisionContext,
): Outcome {
  const { id, layer, role, count } = requirement;
  const base = { requirement: id, layer, evidence: counted.map(({ evidence }) => evidence), refused };
  if (rejected !== undefined) {
    const message = `${rejected.person.id} rejected it at ${isoTime(rejected.at)}`;
    const next = { text: `have ${rejected.person.id} withdraw the rejection or approve, or release other bytes` };
    return { ...base, evidence: [rejected.evidence], status: 'unmet', code: 'rejected', message, next };
  }
  if (context.unreachable !== undefined)
    return { ...base, status: 'inconclusive', code: 'evidence-unreachable', message: context.unreachable, next: context.next };
  if (unknown !== undefined) {
    const next = { text: 'restore the log or the evidence it names, then verify again' };
    return { ...base, status: 'inconclusive', code: 'rejections-unknown', message: unknown, next };
  }
  if (counted.length >= count) {
    const who = counted.map((word) => `${word.person.id} (${word.kind}, ${isoTime(word.at)})`).join(', ');
    const ends = Math.min(...counted.map((word) => endOf(word, requirement)));
    return { ...base, ...expiring(ends), status: 'met', code: 'approved', message: `approved by ${who}` };
  }
  const message = `${counted.length} of ${count} of the role ${role.id} approved${refused.length === 0 ? '' : `; ${refused.length} found and refused`}`;
  const left = membersAt(role, context.at).filter(
    (person) =>
      (seatOf.get(person.id) ?? role.id) === role.id &&
      duties.excludes(person) === undefined &&
      !counted.some((word) => word.person.id === person.id),
  );
  const next = nextFor(
    requirement,
    left.map((person) => person.id),
    context,
  );
  return { ...base, status: 'pending', code: 'approvals-missing', message, next };
}

const MOST_SHOWN = 10;

/** Who may still approve, and how. */
function nextFor({ role, kind }: ApprovalRequirement, left: readonly string[], { ask }: DecisionContext): NextStep {
  const more = left.length > MOST_SHOWN ? ` and ${left.length - MOST_SHOWN} more` : '';
  const who =
    left.length === 0 ? `nobody of ${role.id} is left to approve` : `${left.slice(0, MOST_SHOWN).join(', ')}${more} may approve`;
  const how = kind === 'platform' ? ', with a signature or where the release is approved on its platform' : '';
  return { ...ask, text: `${who}${how}${ask === undefined ? '' : `; ${ask.text}`}`, people: left };
}

function membersAt(role: RoleRule, at: number): RoleRule['members'][number]['person'][] {
  return peopleOf([role])
    .filter((person) => isMember(role, person.id, at))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Which of the words count for one requirement, each person's best alone, and why the others' do not. */
function judgeWords(
  words: readonly Word[],
  requirement: ApprovalRequirement,
  duties: Duties,
  { proves }: Recording,
  context: DecisionContext,
): Judged {
  const counted = new Map<string, Ranked>();
  const refused: (Refusal & { readonly person: string })[] = [];
  for (const word of words) {
    if (word.decision === 'reject') continue;
    const person = word.person.id;
    const why = whyNotCounted(word, requirement, duties, context);
    const ranked = { ...word, proven: proves(word.evidence) };
    const before = counted.get(person);
    if (why) refused.push({ evidence: word.evidence, ...why, person });
    else if (before === undefined || firstTheBetter(ranked, before) < 0) counted.set(person, ranked);
  }
  return {
    requirement,
    counted: [...counted.values()].sort(firstTheBetter),
    refused: refused.flatMap(({ person, ...refusal }) => (counted.has(person) ? [] : [refusal])),
  };
}

type Ranked = Word & { readonly proven?: boolean };

/** What is recorded first, then what is known to be good, then what rests on no trial root, then what was signed, then the latest. */
function firstTheBetter(a: Ranked, b: Ranked): number {
  return (
    Number(b.proven ?? false) - Number(a.proven ?? false) ||
    Number(a.unsure ?? false) - Number(b.unsure ?? false) ||
    Number(a.development) - Number(b.development) ||
    Number(b.kind === 'signed') - Number(a.kind === 'signed') ||
    (a.person.id === b.person.id ? b.at - a.at || (a.evidence < b.evidence ? -1 : 1) : a.person.id < b.person.id ? -1 : 1)
  );
}

/** When an approval stops counting for a requirement: by its own word, and by the policy's. */
function endOf({ at, expires }: Word, { expire }: ApprovalRequirement): number {
  return Math.min(expires ?? Number.POSITIVE_INFINITY, expire === undefined ? Number.POSITIVE_INFINITY : at + expire * 1000);
}

function whyNotCounted(
  word: Word,
  requirement: ApprovalRequirement,
  duties: Duties,
  context: DecisionContext,
): Omit<Refusal, 'evidence'> | undefined {
  const { person, kind, at } = word;
  const { role, notBefore } = requirement;
  if (!isMember(role, person.id, at))
    return { code: 'not-a-member', message: `${person.id} was not of the role ${role.id} at ${isoTime(at)}` };
  if (kind === 'platform' && requirement.kind === 'signed')
    return { code: 'identity-mismatch', message: `${person.id} approved on a platform, and ${role.id} must sign` };
  if (notBefore !== undefined && at < notBefore)
    return {
      code: 'invalidated',
      message: `${person.id} approved at ${isoTime(at)}; the policy voids what was given before ${isoTime(notBefore)}`,
    };
  const excluded = duties.excludes(person);
  if (excluded !== undefined) return { code: 'duties-not-separated', message: excluded };
  if (context.moment === 'run') return undefined;
  const end = endOf(word, requirement);
  return context.at < end ? undefined : { code: 'expired', message: `${person.id}'s approval expired at ${isoTime(end)}` };
}

/** Why it is not known whether somebody rejected or withdrew. What the log names counts, even where no record is required. */
function whyNotKnown({ required }: Recording, unheld: readonly Refusal[], context: DecisionContext): string | undefined {
  const { artifact, negative, statements } = context;
  if (required && negative === undefined) return 'the log was not asked whether somebody rejected it';
  if (required && negative?.unavailable !== undefined)
    return `whether somebody rejected it is not known: ${negative.unavailable}`;
  const here = new Set((statements ?? []).map(({ evidence }) => evidence));
  const missing = (negative?.named.get(artifact.digest) ?? []).find((evidence) => !here.has(evidence));
  if (missing === undefined) return undefined;
  const refused = unheld.find(({ evidence }) => evidence === missing);
  return refused === undefined
    ? `the log names a rejection or withdrawal that is not here: ${missing}`
    : `the log names a rejection or withdrawal that cannot be read any more: ${refused.message}`;
}

function inOrder(refused: readonly Refusal[]): Refusal[] {
  return [...refused].sort((a, b) =>
    a.evidence === b.evidence ? (a.message < b.message ? -1 : 1) : a.evidence < b.evidence ? -1 : 1,
  );
}
