import { judgeAttestation } from '../attestations/judge-attestation.ts';
import type { PredicateJudgement } from '../attestations/judgement.ts';
import { predicateTypesOf } from '../attestations/predicate-types.ts';
import { isoTime } from '../formats/iso-time.ts';
import { shellWord } from '../formats/shell-word.ts';
import { matchAuthor } from '../match-author.ts';
import type { AttestationRequirement } from '../requirement.ts';
import type { Outcome, Refusal } from '../verdict.ts';
import type { VerifiedStatement } from '../verify-evidence.ts';
import { type DecisionContext, expiring, whyNotNow } from './context.ts';

/**
 * Decides whether the newest attestation of its type and format, by whom it must be, holds up to what is asked of it. An older one that
 * does better counts no more; of several at the same instant, one that fails decides.
 */
export function decideAttestation(requirement: AttestationRequirement, context: DecisionContext): Outcome {
  const { id, layer, attests, signer, maxAge } = requirement;
  const { found, refused } = findAttestations(requirement, context);
  const base = { requirement: id, layer, evidence: [], refused };
  const flag = context.environment.id === 'default' ? '' : ` --environment ${context.environment.id}`;
  const next = {
    text: `have ${signer.id} attest it, and verify again`,
    command: `signwright attest ${attests} ${shellWord(context.artifact.name)}${attests === 'provenance' ? '' : ' --report …'}${flag}`,
  };
  // A newer one, that fails, may be among what cannot be read.
  if (context.unreachable !== undefined)
    return { ...base, status: 'inconclusive', code: 'evidence-unreachable', message: context.unreachable, next: context.next };
  const newest = newestOf(found, requirement);
  if (newest === undefined) {
    const message =
      refused.length > 0
        ? `no attestation of ${attests} by ${signer.id} counts: ${refused.length} found and refused`
        : `no attestation of ${attests} by ${signer.id} was found`;
    return { ...base, status: 'unmet', code: refused.length > 0 ? 'attestations-refused' : 'no-attestation', message, next };
  }
  const { evidence, time } = newest;
  const when = `attested ${isoTime(time.at)}`;
  const judged = judgedOnce(newest, requirement);
  const on = { ...base, evidence: [evidence] };
  if (!judged.ok) return { ...on, status: 'unmet', code: 'attestation-failed', message: `${judged.message} (${when})`, next };
  if (context.moment !== 'run' && maxAge !== undefined && context.at - time.at > maxAge * 1000) {
    const message = `it was ${when}, and may be ${maxAge} s old`;
    return { ...on, status: 'unmet', code: 'attestation-too-old', message, next };
  }
  const ends = maxAge === undefined ? {} : expiring(time.at + maxAge * 1000);
  return { ...on, ...ends, status: 'met', code: 'attestation-verified', message: `${judged.message}, ${when}` };
}

/** Those of the type that are asked for, by whom they must be. */
function findAttestations(
  { attests, signer }: AttestationRequirement,
  context: DecisionContext,
): { readonly found: readonly VerifiedStatement[]; readonly refused: readonly Refusal[] } {
  const types = predicateTypesOf(attests);
  const found: VerifiedStatement[] = [];
  const refused: Refusal[] = [];
  for (const one of context.statements ?? []) {
    if (one.said.type !== 'attestation' || !types.includes(one.statement.predicateType)) continue;
    if (!one.digests.has(context.artifact.digest)) continue;
    const why = whyNotNow(one, context) ?? matchAuthor(one, signer);
    if (why) refused.push({ evidence: one.evidence, ...why });
    else found.push(one);
  }
  return { found, refused: refused.sort((a, b) => (a.evidence < b.evidence ? -1 : 1)) };
}

/** The newest; those in another format answer another requirement, and decide this one only where there are no others. */
function newestOf(found: readonly VerifiedStatement[], requirement: AttestationRequirement): VerifiedStatement | undefined {
  const inFormat = found.filter((one) => {
    const judged = judgedOnce(one, requirement);
    return judged.ok || judged.code !== 'other-format';
  });
  const among = inFormat.length === 0 ? found : inFormat;
  const holds = (one: VerifiedStatement): number => Number(judgedOnce(one, requirement).ok);
  return [...among].sort((a, b) => b.time.at - a.time.at || holds(a) - holds(b) || (a.evidence < b.evidence ? -1 : 1))[0];
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
