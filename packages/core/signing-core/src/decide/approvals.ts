import { isMember, peopleOf } from '../match-person.ts';
import type { ApprovalRequirement, RoleRule } from '../requirement.ts';
import type { NextStep, Outcome, Refusal } from '../verdict.ts';
import type { DecisionContext } from './context.ts';
import type { Duties } from './duties.ts';
import { hearPlatforms } from './platform-words.ts';
import { seatPeople } from './seats.ts';
import { hearSigned, lastWords, type Word } from './words.ts';

/**
 * Decides the approvals an artifact needs, all of them together: several roles need different people, one person counts once,
 * whatever keys and accounts they have. A rejection blocks until who gave it withdraws it or approves.
 *
 * @param duties whom the separation of duties keeps from counting.
 * @param recorded whether a record is required, so that what was rejected or withdrawn must be read from the log.
 */
export function decideApprovals(
  requirements: readonly ApprovalRequirement[],
  duties: Duties,
  recorded: boolean,
  context: DecisionContext,
): Outcome[] {
  if (requirements.length === 0) return [];
  const people = peopleOf(requirements.map(({ role }) => role));
  const signed = hearSigned(people, context);
  const platforms = hearPlatforms(requirements, people, duties.commits, context);
  const words = lastWords([...signed.heard, ...platforms.heard]);
  const refused = [...signed.refused, ...platforms.refused].sort((a, b) => (a.evidence < b.evidence ? -1 : 1));
  const unknown = whyNotKnown(recorded, context);
  const able = requirements.map((requirement) => judgeWords(words, requirement, duties, context));
  const seats = requirements.flatMap(({ count }, at) =>
    Array.from({ length: count }, () => ({ at, able: able[at]?.counted ?? [] })),
  );
  const seated = seatPeople(seats.map((seat) => seat.able.map(({ person }) => person.id)));
  return requirements.map((requirement, at) => {
    const seatedHere = seated.filter((person, seat) => seats[seat]?.at === at && person !== undefined);
    const counted = (able[at]?.counted ?? []).filter(({ person }) => seatedHere.includes(person.id));
    const rejected = words.find((word) => word.decision === 'reject' && isMember(requirement.role, word.person.id, word.at));
    const found = { counted, refused: [...refused, ...(able[at]?.refused ?? [])], rejected, unknown };
    return outcomeOf(requirement, found, context);
  });
}

type Found = {
  readonly counted: readonly Word[];
  readonly refused: readonly Refusal[];
  readonly rejected: Word | undefined;
  readonly unknown: string | undefined;
};

function outcomeOf(requirement: ApprovalRequirement, found: Found, context: DecisionContext): Outcome {
  const { id, layer, role, count } = requirement;
  const { counted, refused, rejected, unknown } = found;
  const base = { requirement: id, layer, evidence: counted.map(({ evidence }) => evidence), refused };
  if (rejected !== undefined) {
    const message = `${rejected.person.id} rejected it at ${iso(rejected.at)}`;
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
    const who = counted.map((word) => `${word.person.id} (${word.kind}, ${iso(word.at)})`).join(', ');
    return { ...base, status: 'met', code: 'approved', message: `approved by ${who}` };
  }
  const message = `${counted.length} of ${count} of the role ${role.id} approved${refused.length === 0 ? '' : `; ${refused.length} found and refused`}`;
  return { ...base, status: 'pending', code: 'approvals-missing', message, next: nextFor(requirement, counted, context) };
}

/** Who may still approve, and how. */
function nextFor({ role, kind }: ApprovalRequirement, counted: readonly Word[], context: DecisionContext): NextStep {
  const eligible = membersAt(role, context.at).filter((person) => !counted.some((word) => word.person.id === person));
  const shown = eligible.slice(0, MOST_SHOWN).join(', ');
  const more = eligible.length > MOST_SHOWN ? ` and ${eligible.length - MOST_SHOWN} more` : '';
  const who = eligible.length === 0 ? `nobody of ${role.id} is left to approve` : `${shown}${more} may approve`;
  const how = kind === 'platform' ? ', with a signature or where the release is approved on its platform' : '';
  return { ...context.ask, text: `${who}${how}${context.ask === undefined ? '' : `; ${context.ask.text}`}` };
}

const MOST_SHOWN = 10;

function membersAt(role: RoleRule, at: number): string[] {
  const ids = role.members.map(({ person }) => person.id).filter((person) => isMember(role, person, at));
  return [...new Set(ids)].sort();
}

/** Which of the words count for one requirement, best first, and why the others do not. */
function judgeWords(
  words: readonly Word[],
  requirement: ApprovalRequirement,
  duties: Duties,
  context: DecisionContext,
): { readonly counted: readonly Word[]; readonly refused: readonly Refusal[] } {
  const counted: Word[] = [];
  const refused: Refusal[] = [];
  for (const word of words) {
    if (word.decision === 'reject') continue;
    const why = whyNotCounted(word, requirement, duties, context);
    if (why) refused.push({ evidence: word.evidence, ...why });
    else counted.push(word);
  }
  counted.sort((a, b) => Number(a.development) - Number(b.development) || (a.person.id < b.person.id ? -1 : 1));
  return { counted, refused };
}

function whyNotCounted(
  { person, kind, at, expires }: Word,
  requirement: ApprovalRequirement,
  duties: Duties,
  context: DecisionContext,
): Omit<Refusal, 'evidence'> | undefined {
  const { role, expire, notBefore } = requirement;
  if (!isMember(role, person.id, at))
    return { code: 'not-a-member', message: `${person.id} was not of the role ${role.id} at ${iso(at)}` };
  if (kind === 'platform' && requirement.kind === 'signed')
    return { code: 'identity-mismatch', message: `${person.id} approved on a platform, and ${role.id} must sign` };
  if (notBefore !== undefined && at < notBefore)
    return {
      code: 'invalidated',
      message: `${person.id} approved at ${iso(at)}; the policy voids what was given before ${iso(notBefore)}`,
    };
  const excluded = duties.excludes(person);
  if (excluded !== undefined) return { code: 'duties-not-separated', message: excluded };
  if (context.moment === 'run') return undefined;
  const end = Math.min(expires ?? Number.POSITIVE_INFINITY, expire === undefined ? Number.POSITIVE_INFINITY : at + expire * 1000);
  return context.at < end ? undefined : { code: 'expired', message: `${person.id}'s approval expired at ${iso(end)}` };
}

/** Why it is not known whether somebody rejected or withdrew. */
function whyNotKnown(recorded: boolean, { artifact, negative, statements }: DecisionContext): string | undefined {
  if (!recorded) return undefined;
  if (negative === undefined) return 'the log was not asked whether somebody rejected it';
  if (negative.unavailable !== undefined) return `whether somebody rejected it is not known: ${negative.unavailable}`;
  const here = new Set((statements ?? []).map(({ evidence }) => evidence));
  const missing = (negative.named.get(artifact.digest) ?? []).find((evidence) => !here.has(evidence));
  return missing === undefined ? undefined : `the log names a rejection or withdrawal that is not here: ${missing}`;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
