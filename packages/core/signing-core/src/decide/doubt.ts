import type { Sha256 } from '../formats/digest.ts';
import type { NextStep, Outcome } from '../verdict.ts';
import type { Verified } from '../verify-evidence.ts';
import type { DecisionContext } from './context.ts';

/** Pieces of evidence, and why nobody knows whether they count. */
export type Doubts = ReadonlyMap<Sha256, string>;

/** All evidence there is, of which nobody knows whether it counts. What vendors signed is held against their own trust roots. */
export function doubtsOf(
  verified: readonly Verified[],
  { statements, vendors }: DecisionContext,
): { own: Doubts; vendors: Doubts } {
  const unknown = (one: object): [Sha256, string][] => {
    const { evidence, revocation } = one as Verified;
    return revocation?.status === 'unknown' ? [[evidence, revocation.message]] : [];
  };
  return {
    own: new Map([...verified, ...(statements ?? [])].flatMap(unknown)),
    vendors: new Map((vendors ?? []).flatMap(unknown)),
  };
}

/**
 * What may be said of a requirement while nobody knows whether some of the evidence is revoked. It is met or waived where it is so by
 * what is known to be good, whether or not the rest counts; where it would be with the rest alone, nobody knows. What speaks against
 * it stays.
 *
 * @param trusting the outcome if all of it counted. @param doubting the outcome if none of the doubtful evidence did.
 */
export function underDoubt(trusting: Outcome, doubting: Outcome, doubts: Doubts): Outcome {
  if (!holds(trusting)) return trusting;
  const why = trusting.evidence.flatMap((evidence) => doubts.get(evidence) ?? [])[0];
  if (why === undefined && holds(doubting)) return trusting;
  const { expires: _, ...rest } = trusting;
  const message = why ?? `it holds only with evidence that may be revoked; without that: ${doubting.message}`;
  return { ...rest, status: 'inconclusive', code: 'revocation-unknown', message, refused: doubting.refused, next: KNOWN_LATER };
}

/** What to do where nobody knows whether evidence is revoked. */
export const KNOWN_LATER: NextStep = {
  text: 'see that whoever answers for the certificate can be reached and is up to date ("signwright doctor" tells), then verify again',
};

function holds({ status }: Outcome): boolean {
  return status === 'met' || status === 'waived';
}

/** 1 for evidence that may be revoked, 0 for other: what is known to be good is preferred. */
export function inDoubt({ revocation }: Pick<Verified, 'revocation'>): number {
  return Number(revocation !== undefined);
}
