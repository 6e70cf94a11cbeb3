import type { Approval, Decision } from '../approvals/approval.ts';
import { namedByDigest } from '../approvals/named-artifacts.ts';
import { authorName } from '../author-name.ts';
import type { Sha256 } from '../formats/digest.ts';
import { quoted } from '../formats/quoted.ts';
import { personOf, whyNotTheirs } from '../match-person.ts';
import type { PersonRule } from '../requirement.ts';
import type { Refusal } from '../verdict.ts';
import type { VerifiedStatement } from '../verify-evidence.ts';
import { type DecisionContext, whyNotNow, whyNotYet } from './context.ts';

/** Something a person said of the artifact. */
export type Heard = {
  readonly person: PersonRule;
  readonly decision: Decision;
  /** By their own signature, or by a click on a platform. */
  readonly kind: 'signed' | 'platform';
  /** When it was given, and until when it counts, milliseconds. */
  readonly at: number;
  readonly expires?: number;
  readonly evidence: Sha256;
  readonly development: boolean;
  /** Whether its certificate may be revoked. */
  readonly unsure?: boolean;
  /** A withdrawal that may not be the person's: it takes approvals back, and no rejection. */
  readonly doubtful?: boolean;
};

/** What a person said and has not taken back. */
export type Word = Heard & { readonly decision: 'approve' | 'reject' };

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
    if (!namedByDigest(approval.artifacts).has(context.artifact.digest)) continue;
    const { evidence } = one;
    const person = personOf(one.author, people);
    if (person === undefined) {
      const message = `it is by ${authorName(one.author)}, who is nobody that may approve this`;
      refused.push({ evidence, code: 'not-a-member', message });
      continue;
    }
    const why = whyNotSaid(one, approval, person, context);
    const doubt = approval.decision === 'reject' ? undefined : whyDoubtful(one, person, context);
    const other = approval.decision === 'approve' ? whyNoApproval(approval, context) : undefined;
    const refusal = why ?? doubt ?? other;
    if (refusal) refused.push({ evidence, ...refusal });
    if (refusal === undefined) heard.push(whatWasSaid(one, approval, person));
    else if (why === undefined && approval.decision === 'withdraw')
      heard.push({ ...whatWasSaid(one, approval, person), doubtful: true });
  }
  return { heard, refused };
}

/** By the time the person signed: the timestamp beside it is not theirs, and anybody could have a newer one made. */
function whatWasSaid({ evidence, time, development, revocation }: VerifiedStatement, said: Approval, person: PersonRule): Heard {
  const expires = said.expires === undefined ? {} : { expires: Date.parse(said.expires) };
  const at = Math.min(Date.parse(said.given), time.at);
  return {
    person,
    decision: said.decision,
    kind: 'signed',
    at,
    ...expires,
    evidence,
    development,
    unsure: revocation !== undefined,
  };
}

/** Why it was not said by this person, of this environment, by now. */
function whyNotSaid(one: VerifiedStatement, said: Approval, person: PersonRule, context: DecisionContext): Why | undefined {
  if (person.id !== said.person)
    return { code: 'identity-mismatch', message: `it says it is ${quoted(said.person)}'s, and the signature is ${person.id}'s` };
  if (said.environment !== context.environment.id)
    return { code: 'other-environment', message: `${person.id} spoke of the environment ${quoted(said.environment)}` };
  // A clock that is slow must not hide what speaks against it.
  return said.decision === 'approve' || context.latest !== undefined ? whyNotYet(one, context) : undefined;
}

/** Why somebody else may have signed it, or nobody knows when. */
function whyDoubtful(one: VerifiedStatement, person: PersonRule, context: DecisionContext): Why | undefined {
  const mismatch = whyNotTheirs(one.author, one.time, person);
  return mismatch ? { ...mismatch, message: `${person.id}: ${mismatch.message}` } : whyNotNow(one, context);
}

function whyNoApproval({ artifacts, person }: Approval, { artifact, signedAs, requirements }: DecisionContext): Why | undefined {
  const named = namedByDigest(artifacts).get(artifact.digest) ?? [];
  const known = signedAs === undefined ? [artifact] : [signedAs, artifact];
  const here = named.filter((one) => known.some(({ name, kind }) => one.name === name && one.kind === kind));
  const [first] = named;
  if (here.length === 0)
    return { code: 'other-artifact', message: `${person} approved these bytes as ${first?.name} (${first?.kind})` };
  if (here.some((one) => one.requirements === requirements)) return undefined;
  return {
    code: 'other-requirements',
    message: `${person} approved it under other requirements (${here[0]?.requirements}, and ${requirements} apply now)`,
  };
}

/**
 * What stands of all that people said, by person: one rejection, or approvals. Whoever approves after rejecting has changed their mind;
 * but what somebody signed, no click takes back. Of words at the same instant the most careful is the last: reject, then withdraw.
 */
export function standingWords(heard: readonly Heard[]): Word[] {
  const byPerson = new Map<string, Heard[]>();
  for (const one of heard) {
    const before = byPerson.get(one.person.id);
    if (before) before.push(one);
    else byPerson.set(one.person.id, [one]);
  }
  return [...byPerson].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, said]) => standing(said.sort(inOrder)));
}

function standing(said: readonly Heard[]): Word[] {
  let approvals: Word[] = [];
  let rejection: Word | undefined;
  for (const one of said) {
    if (isApproval(one)) {
      if (rejection?.kind === 'signed' && one.kind === 'platform') continue;
      rejection = undefined;
      approvals.push(one);
      continue;
    }
    approvals = [];
    if (isRejection(one)) rejection = rejection?.kind === 'signed' ? rejection : one;
    else if (one.doubtful !== true) rejection = undefined;
  }
  return rejection === undefined ? approvals : [rejection];
}

function isApproval(one: Heard): one is Word {
  return one.decision === 'approve';
}

function isRejection(one: Heard): one is Word {
  return one.decision === 'reject';
}

const CARE = { approve: 0, withdraw: 1, reject: 2 };

function inOrder(a: Heard, b: Heard): number {
  return a.at - b.at || CARE[a.decision] - CARE[b.decision] || (a.evidence < b.evidence ? -1 : 1);
}
