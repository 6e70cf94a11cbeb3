import { namedByDigest } from '../approvals/named-artifacts.ts';
import type { Waiver } from '../approvals/waiver.ts';
import { authorName } from '../author-name.ts';
import type { Sha256 } from '../formats/digest.ts';
import { isoTime } from '../formats/iso-time.ts';
import { shellWord } from '../formats/shell-word.ts';
import { isMember, peopleOf, personOf, whyNotTheirs } from '../match-person.ts';
import type { PersonRule, Requirement } from '../requirement.ts';
import type { Outcome, Refusal } from '../verdict.ts';
import type { VerifiedStatement } from '../verify-evidence.ts';
import { type DecisionContext, expiring, type Recording, type WaiverRule, whyNotNow } from './context.ts';
import { inDoubt } from './doubt.ts';
import type { Duties } from './duties.ts';
import { seatPeople } from './seats.ts';

type Given = {
  readonly person: PersonRule;
  readonly waiver: Waiver;
  readonly at: number;
  readonly evidence: Sha256;
  readonly development: boolean;
  /** 1 where its certificate may be revoked. */
  readonly unsure: number;
  readonly proven: boolean;
};

/**
 * Lets waivers stand in for what is not met and may be waived, last of all: enough people of the waivers' role for one requirement,
 * or those who may break the glass for all that can be waived. What is inconclusive is not waived, for it may be met.
 *
 * @param recording whose waivers the log proves are preferred where a record is required.
 * @returns the outcomes, waived where they are, each that is not with a command that would.
 */
export function waive(
  outcomes: readonly Outcome[],
  requirements: readonly Requirement[],
  duties: Duties,
  recording: Recording,
  context: DecisionContext,
): Outcome[] {
  const waivable = new Set(requirements.filter((one) => one.waivable).map(({ id }) => id));
  const open = (outcome: Outcome): boolean =>
    waivable.has(outcome.requirement) &&
    (outcome.status === 'unmet' || outcome.status === 'pending') &&
    outcome.code !== 'rejected';
  if (!outcomes.some(open)) return [...outcomes];
  const { given, refused } = findWaivers(duties, recording, context);
  return outcomes.map((outcome) => (open(outcome) ? waiveOne(outcome, given, refused, context) : outcome));
}

function waiveOne(outcome: Outcome, given: readonly Given[], refused: readonly Refusal[], context: DecisionContext): Outcome {
  const { waivers, breakGlass } = context.waivers ?? {};
  const own = given.filter(({ waiver }) => waiver.requirement === outcome.requirement);
  const glass = given.filter(({ waiver }) => waiver.breakGlass === true);
  const by = (waivers && enough([waivers], own, context)) ?? (breakGlass && enough(breakGlass, glass, context));
  if (by === undefined) {
    const command = `signwright waive ${shellWord(outcome.requirement)} ${shellWord(context.artifact.name)}${context.environment.id === 'default' ? '' : ` --environment ${context.environment.id}`} --reason …`;
    const alternative = waivers && { text: `${waivers.count} of ${waivers.role.id} may waive it`, command };
    const next = alternative && (outcome.next === undefined ? alternative : { ...outcome.next, or: alternative });
    return { ...outcome, refused: [...outcome.refused, ...refused], ...(next === undefined ? {} : { next }) };
  }
  const broken = by.some(({ waiver }) => waiver.breakGlass === true);
  const who = by.map(({ person, waiver }) => `${person.id} (until ${waiver.expires}: ${waiver.reason})`).join(', ');
  const message = `${broken ? 'the glass was broken' : 'waived'} by ${who}; without that: ${outcome.message}`;
  const { next: _, ...rest } = outcome;
  const rules = broken ? (breakGlass ?? []) : waivers ? [waivers] : [];
  const ends = Math.min(...by.map((one) => Math.min(...rules.map((rule) => endOf(one, rule)))));
  return { ...rest, ...expiring(ends), status: 'waived', code: 'waived', message, evidence: by.map(({ evidence }) => evidence) };
}

/** The waivers of enough people for all of the rules together, each person once; nothing where they are too few. */
function enough(rules: readonly WaiverRule[], given: readonly Given[], { at }: DecisionContext): readonly Given[] | undefined {
  const seats = rules.flatMap((rule) => {
    const counted = given.filter((one) => isMember(rule.role, one.person.id, one.at) && at < endOf(one, rule));
    return Array.from({ length: rule.count }, () => counted);
  });
  const able = seats.map((counted) => new Set(counted.map(({ person }) => person.id)));
  const seated = seatPeople(
    able,
    given.map(({ person }) => person.id),
  );
  if (seated.length === 0 || seated.includes(undefined)) return undefined;
  const chosen = new Set(seats.map((counted, seat) => counted.find(({ person }) => person.id === seated[seat])));
  return given.filter((one) => chosen.has(one));
}

function endOf({ waiver, at }: Given, { maxAge }: WaiverRule): number {
  return Math.min(Date.parse(waiver.expires), at + maxAge * 1000);
}

/** Waivers that are about this artifact here, by people who may waive anything at all. */
function findWaivers(
  duties: Duties,
  { proves }: Recording,
  context: DecisionContext,
): { readonly given: readonly Given[]; readonly refused: readonly Refusal[] } {
  const { waivers, breakGlass = [] } = context.waivers ?? {};
  const people = peopleOf([...(waivers ? [waivers.role] : []), ...breakGlass.map(({ role }) => role)]);
  const given: Given[] = [];
  const refused: Refusal[] = [];
  for (const one of context.statements ?? []) {
    if (one.said.type !== 'waiver' || !isAbout(one.said.waiver, context)) continue;
    const { waiver } = one.said;
    const person = personOf(one.author, people);
    const why = person
      ? whyNotCounted(one, waiver, person, duties, context)
      : ({ code: 'not-a-member', message: `a waiver is by ${authorName(one.author)}, who may waive nothing here` } as const);
    if (why) refused.push({ evidence: one.evidence, ...why });
    else if (person)
      given.push({
        person,
        waiver,
        at: one.time.at,
        evidence: one.evidence,
        development: one.development,
        unsure: inDoubt(one),
        proven: proves(one.evidence),
      });
  }
  return { given: given.sort(firstTheBetter), refused: refused.sort((a, b) => (a.evidence < b.evidence ? -1 : 1)) };
}

/** What is recorded first, then what is known to be good, then what rests on no trial root, then the latest of each person. */
function firstTheBetter(a: Given, b: Given): number {
  if (a.proven !== b.proven) return Number(b.proven) - Number(a.proven);
  if (a.unsure !== b.unsure) return a.unsure - b.unsure;
  if (a.development !== b.development) return Number(a.development) - Number(b.development);
  if (a.person.id !== b.person.id) return a.person.id < b.person.id ? -1 : 1;
  return b.at - a.at || (a.evidence < b.evidence ? -1 : 1);
}

/** Whether it names these bytes, or a rule that matched, whatever else may be wrong with it. */
function isAbout(waiver: Waiver, { artifact, rules = [] }: DecisionContext): boolean {
  return 'rule' in waiver ? rules.includes(waiver.rule) : namedByDigest(waiver.artifacts).has(artifact.digest);
}

function whyNotCounted(
  one: VerifiedStatement,
  waiver: Waiver,
  person: PersonRule,
  duties: Duties,
  context: DecisionContext,
): Omit<Refusal, 'evidence'> | undefined {
  if (person.id !== waiver.person)
    return { code: 'identity-mismatch', message: `a waiver says it is ${waiver.person}'s, and the signature is ${person.id}'s` };
  if (waiver.environment !== context.environment.id)
    return { code: 'other-environment', message: `${person.id} waived it for the environment ${waiver.environment}` };
  const requirements = 'rule' in waiver ? [waiver.requirements] : requirementsIn(waiver, context);
  if (!requirements.includes(context.requirements))
    return { code: 'other-requirements', message: `${person.id} waived it under other requirements` };
  const notBefore = context.waivers?.notBefore;
  if (notBefore !== undefined && one.time.at < notBefore)
    return {
      code: 'invalidated',
      message: `${person.id}'s waiver is older than ${isoTime(notBefore)}, before which the policy voids them`,
    };
  if (context.at >= Date.parse(waiver.expires))
    return { code: 'expired', message: `${person.id}'s waiver counted from ${isoTime(one.time.at)} until ${waiver.expires}` };
  const excluded = duties.excludes(person);
  if (excluded !== undefined) return { code: 'duties-not-separated', message: excluded };
  return whyNotTheirs(one.author, one.time, person) ?? whyNotNow(one, context);
}

function requirementsIn(waiver: Waiver, { artifact }: DecisionContext): Sha256[] {
  if ('rule' in waiver) return [];
  return (namedByDigest(waiver.artifacts).get(artifact.digest) ?? []).map(({ requirements }) => requirements);
}
