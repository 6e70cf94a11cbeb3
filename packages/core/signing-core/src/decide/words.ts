import type { Approval } from '../approvals/approval.ts';
import type { NamedArtifact } from '../approvals/named-artifacts.ts';
import { authorName } from '../author-name.ts';
import type { Sha256 } from '../formats/digest.ts';
import { quoted } from '../formats/quoted.ts';
import { personOf, whyNotTheirs } from '../match-person.ts';
import type { PersonRule } from '../requirement.ts';
import type { Refusal } from '../verdict.ts';
import type { VerifiedStatement } from '../verify-evidence.ts';
import { type DecisionContext, whyNotNow, whyNotYet } from './context.ts';

/** What a person last said of the artifact. */
export type Word = {
  readonly person: PersonRule;
  readonly decision: 'approve' | 'reject';
  /** By their own signature, or by a click on a platform. */
  readonly kind: 'signed' | 'platform';
  /** When it was given, and until when it counts, milliseconds. */
  readonly at: number;
  readonly expires?: number;
  readonly evidence: Sha256;
  readonly development: boolean;
};

/** Something a person said; without a word it voids what they said before. */
export type Heard = { readonly person: string; readonly at: number; readonly evidence: Sha256; readonly word?: Word };

type Why = Omit<Refusal, 'evidence'>;

/**
 * What people said under their own signatures about the artifact in this environment. An approval is one only for the bytes, the name
 * and the requirements it was given for; a rejection is one whatever the policy has come to demand since, and whatever became of the
 * key.
 */
export function hearSigned(
  people: readonly PersonRule[],
  context: DecisionContext,
): { readonly heard: readonly Heard[]; readonly refused: readonly Refusal[] } {
  const heard: Heard[] = [];
  const refused: Refusal[] = [];
  for (const one of context.statements ?? []) {
    if (one.said.type !== 'approval') continue;
    const { approval } = one.said;
    const artifact = approval.artifacts.find(({ digest }) => digest === context.artifact.digest);
    if (artifact === undefined) continue;
    const person = personOf(one.author, people);
    const why = person
      ? (whyNotHeard(one, approval, person, context) ??
        (approval.decision === 'approve' ? whyNoApproval(one, artifact, context) : undefined))
      : ({ code: 'not-a-member', message: `it is by ${authorName(one.author)}, who is nobody that may approve this` } as const);
    if (why) refused.push({ evidence: one.evidence, ...why });
    else if (person) heard.push(whatWasSaid(one, approval, person));
  }
  return { heard, refused };
}

function whatWasSaid({ evidence, time, development }: VerifiedStatement, said: Approval, person: PersonRule): Heard {
  const { decision } = said;
  const base = { person: person.id, at: time.at, evidence };
  if (decision === 'withdraw') return base;
  const expires = said.expires === undefined ? {} : { expires: Date.parse(said.expires) };
  return { ...base, word: { person, decision, kind: 'signed', at: time.at, ...expires, evidence, development } };
}

function whyNotHeard(one: VerifiedStatement, said: Approval, person: PersonRule, context: DecisionContext): Why | undefined {
  if (person.id !== said.person)
    return { code: 'identity-mismatch', message: `it says it is ${quoted(said.person)}'s, and the signature is ${person.id}'s` };
  if (said.environment !== context.environment.id)
    return { code: 'other-environment', message: `${person.id} spoke of the environment ${quoted(said.environment)}` };
  const early = whyNotYet(one, context);
  if (early) return early;
  if (said.decision === 'reject') return undefined;
  const mismatch = whyNotTheirs(one.author, one.time, person);
  return mismatch ? { ...mismatch, message: `${person.id}: ${mismatch.message}` } : whyNotNow(one, context);
}

function whyNoApproval(
  { said }: VerifiedStatement,
  { name, kind, requirements }: NamedArtifact,
  { artifact, signedAs, requirements: demanded }: DecisionContext,
): Why | undefined {
  const who = said.type === 'approval' ? said.approval.person : '';
  if (requirements !== demanded)
    return { code: 'other-requirements', message: `${who} approved it under other requirements (${requirements})` };
  if (![signedAs ?? artifact, artifact].some((known) => known.name === name && known.kind === kind))
    return { code: 'other-artifact', message: `${who} approved these bytes as ${name} (${kind})` };
  return undefined;
}

/** Each person's last word, by person. Of words at the same instant the most careful is the last: reject, then withdraw. */
export function lastWords(heard: readonly Heard[]): Word[] {
  const last = new Map<string, Heard>();
  for (const one of heard) {
    const before = last.get(one.person);
    if (before === undefined || isLater(one, before)) last.set(one.person, one);
  }
  return [...last.values()].flatMap(({ word }) => word ?? []).sort((a, b) => (a.person.id < b.person.id ? -1 : 1));
}

function isLater(a: Heard, b: Heard): boolean {
  if (a.at !== b.at) return a.at > b.at;
  const [x, y] = [careOf(a), careOf(b)];
  return x === y ? a.evidence < b.evidence : x > y;
}

function careOf({ word }: Heard): number {
  return word === undefined ? 1 : word.decision === 'reject' ? 2 : 0;
}
