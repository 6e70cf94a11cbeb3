import type { NextStep, OutcomeStatus, Refusal, Result, Verdict } from '@signwright/signing-core';
import { grouped } from '../escape/grouped.ts';

/** One line of a report about one verdict: what became of a requirement. */
export type Finding = {
  readonly requirement: string;
  readonly status: OutcomeStatus;
  readonly code: string;
  readonly message: string;
  readonly refused: readonly Refusal[];
  readonly next?: NextStep;
};

const STATUS_OF: Readonly<Record<Result, OutcomeStatus>> = {
  allow: 'met',
  deny: 'unmet',
  pending: 'pending',
  inconclusive: 'inconclusive',
};

/** Whether a requirement holds nothing up. */
export function holds(finding: { readonly status: OutcomeStatus }): boolean {
  return finding.status === 'met' || finding.status === 'waived';
}

/**
 * The outcomes of a verdict; and where none of them says why it is not `allow`, or there are none, the verdict itself, so that no
 * report shows a refused artifact in green.
 */
export function findingsOf(verdict: Verdict): readonly Finding[] {
  const { outcomes, result } = verdict;
  const told = result === 'allow' ? outcomes.length > 0 : outcomes.some((outcome) => !holds(outcome));
  if (told) return outcomes;
  const message = result === 'allow' ? 'allowed' : `the verdict is ${result}, and no requirement says why`;
  return [...outcomes, { requirement: 'verdict', status: STATUS_OF[result], code: result, message, refused: [] }];
}

/** `3 allow, 1 deny`, worst last; results that do not occur are left out. */
export function countResults(verdicts: readonly Verdict[]): string {
  const counts = (['allow', 'pending', 'inconclusive', 'deny'] as const).map(
    (result) => [verdicts.filter((verdict) => verdict.result === result).length, result] as const,
  );
  const seen = counts.filter(([count]) => count > 0).map(([count, result]) => `${grouped(count)} ${result}`);
  return seen.length === 0 ? 'nothing was decided' : seen.join(', ');
}

/** `1 artifact`, `2,000 artifacts`. */
export function countArtifacts(count: number): string {
  return `${grouped(count)} ${count === 1 ? 'artifact' : 'artifacts'}`;
}

export const NOT_ANCHORED = 'not anchored: the policy was not checked against an anchor from outside (--anchor FILE)';
export const DEVELOPMENT = 'development: true: this rests on a trial trust root, which proves nothing to others';
export const OBSERVED = 'observed only: this verdict does not block';
