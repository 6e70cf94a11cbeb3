import { judgeAttestation } from '../attestations/judge-attestation.ts';
import type { PredicateJudgement } from '../attestations/judgement.ts';
import { predicateTypesOf } from '../attestations/predicate-types.ts';
import { shellWord } from '../formats/shell-word.ts';
import { matchAuthor } from '../match-author.ts';
import type { AttestationRequirement } from '../requirement.ts';
import type { Outcome, Refusal } from '../verdict.ts';
import type { VerifiedStatement } from '../verify-evidence.ts';
import { type DecisionContext, whyNotNow } from './context.ts';

/**
 * Decides whether the newest attestation of its type, by whom it must be, holds up to what is asked of it. An older one that does
 * better counts no more.
 */
export function decideAttestation(requirement: AttestationRequirement, context: DecisionContext): Outcome {
  const { id, layer, attests, signer, maxAge } = requirement;
  const types = predicateTypesOf(attests);
  const refused: Refusal[] = [];
  let newest: VerifiedStatement | undefined;
  for (const one of context.statements ?? []) {
    if (one.said.type !== 'attestation' || !types.includes(one.statement.predicateType)) continue;
    if (!one.digests.has(context.artifact.digest)) continue;
    const why = whyNotNow(one, context) ?? matchAuthor(one, signer);
    if (why) refused.push({ evidence: one.evidence, ...why });
    else if (newest === undefined || isNewer(one, newest)) newest = one;
  }
  const base = { requirement: id, layer, evidence: [], refused: refused.sort((a, b) => (a.evidence < b.evidence ? -1 : 1)) };
  const next = {
    text: `have ${signer.id} attest it, and verify again`,
    command: `signwright attest ${attests} --subject ${shellWord(context.artifact.name)}`,
  };
  if (newest === undefined) {
    if (context.unreachable !== undefined)
      return { ...base, status: 'inconclusive', code: 'evidence-unreachable', message: context.unreachable, next: context.next };
    const found = refused.length > 0;
    const message = found
      ? `no attestation of ${attests} by ${signer.id} counts: ${refused.length} found and refused`
      : `no attestation of ${attests} by ${signer.id} was found`;
    return { ...base, status: 'unmet', code: found ? 'attestations-refused' : 'no-attestation', message, next };
  }
  const { evidence, time } = newest;
  const when = `attested ${new Date(time.at).toISOString()}`;
  const judged = judgedOnce(newest, requirement);
  if (!judged.ok)
    return {
      ...base,
      evidence: [evidence],
      status: 'unmet',
      code: 'attestation-failed',
      message: `${judged.message} (${when})`,
      next,
    };
  const asked = context.moment !== 'run' && maxAge !== undefined;
  if (asked && context.at - time.at > maxAge * 1000) {
    const message = `it was ${when}, and may be ${maxAge} s old`;
    return { ...base, evidence: [evidence], status: 'unmet', code: 'attestation-too-old', message, next };
  }
  return { ...base, evidence: [evidence], status: 'met', code: 'attestation-verified', message: `${judged.message}, ${when}` };
}

const judgements = new WeakMap<VerifiedStatement, Map<AttestationRequirement, PredicateJudgement>>();

/** One attestation may be about thousands of artifacts, and its predicate is long. */
function judgedOnce(one: VerifiedStatement, requirement: AttestationRequirement): PredicateJudgement {
  const known = judgements.get(one) ?? new Map<AttestationRequirement, PredicateJudgement>();
  judgements.set(one, known);
  const { predicateType, predicate } = one.statement;
  const judged =
    known.get(requirement) ?? judgeAttestation(requirement.attests, predicateType, predicate, requirement.conditions);
  known.set(requirement, judged);
  return judged;
}

function isNewer(a: VerifiedStatement, b: VerifiedStatement): boolean {
  return a.time.at === b.time.at ? a.evidence < b.evidence : a.time.at > b.time.at;
}
