import { quoted } from '../formats/quoted.ts';
import { matchAuthor } from '../match-author.ts';
import { Refused } from '../refused.ts';
import type { SignerRule } from '../requirement.ts';
import type { VerifiedStatement } from '../verify-evidence.ts';
import { readVerificationSummary, type VerificationSummary } from './verification-summary.ts';

/** Whose word is a verdict: an id, and who signs in its name. */
export type Verifier = { readonly id: string; readonly by: SignerRule };

/**
 * Verifies that a statement whose signature holds is a verdict of one of the policy's verifiers. Whoever builds is none of them, and
 * nobody speaks in another's name.
 *
 * @throws Refused `identity-mismatch` where it is nobody's that may say so, or as `matchAuthor` has it; `wrong-subject` where it is
 * about something else than it names; SignwrightError `invalid-input` where it is no summary of ours.
 */
export function verifySummary(
  one: Pick<VerifiedStatement, 'statement' | 'author' | 'time'>,
  verifiers: readonly Verifier[],
): VerificationSummary {
  const summary = readVerificationSummary(one.statement);
  const named = verifiers.filter(({ id }) => id === summary.verifier);
  if (named.length === 0) throw new Refused('identity-mismatch', `the policy names no verifier ${quoted(summary.verifier)}`);
  const reasons = named.map(({ by }) => matchAuthor(one, by));
  const [reason] = reasons;
  if (reason !== undefined && !reasons.includes(undefined))
    throw new Refused(reason.code, `it is not of the verifier ${quoted(summary.verifier)}: ${reason.message}`);
  const [subject, ...others] = one.statement.subject;
  const resource = `${subject?.name ?? ''}@sha256:${subject?.sha256 ?? ''}`;
  if (others.length > 0 || resource !== summary.resource)
    throw new Refused('wrong-subject', `it is about ${quoted(summary.resource)}, and its subject is ${quoted(resource)}`);
  return summary;
}
