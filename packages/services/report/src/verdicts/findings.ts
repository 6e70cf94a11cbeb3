import type { Moment, NextStep, OutcomeStatus, Refusal, Result, Sha256, Verdict } from '@signwright/signing-core';
import { grouped } from '../escape/grouped.ts';

/** One line of a report about one verdict: what became of a requirement. */
export type Finding = {
  readonly requirement: string;
  readonly status: OutcomeStatus;
  readonly code: string;
  readonly message: string;
  readonly evidence: readonly Sha256[];
  readonly refused: readonly Refusal[];
  readonly next?: NextStep;
};

const STATUS_OF: Readonly<Record<Result, OutcomeStatus>> = {
  allow: 'met',
  deny: 'unmet',
  pending: 'pending',
  inconclusive: 'inconclusive',
};

/** A result in words: what was signed just now may still lack the signatures of others, so it is never called allowed. */
export function wordOf(result: Result, moment: Moment): string {
  if (moment !== 'sign') return result;
  return result === 'allow' ? 'signed' : 'not signed';
}

/** Whether a requirement holds nothing up. */
export function holds(finding: { readonly status: OutcomeStatus }): boolean {
  return finding.status === 'met' || finding.status === 'waived';
}

/**
 * The outcomes of a verdict; and where none of them says why it is not `allow`, or there are none, the verdict itself, so that no
 * report shows a refused artifact in green.
 */
export function findingsOf(verdict: Verdict): readonly Finding[] {
  const { outcomes, result, moment } = verdict;
  const told = result === 'allow' ? outcomes.length > 0 : outcomes.some((outcome) => !holds(outcome));
  if (told) return outcomes;
  const word = wordOf(result, moment);
  const message = result === 'allow' ? word : `the verdict is ${word}, and no requirement says why`;
  const code = moment === 'sign' && result === 'allow' ? word : result;
  return [...outcomes, { requirement: 'verdict', status: STATUS_OF[result], code, message, evidence: [], refused: [] }];
}

/** What would meet a requirement, and then what else would do. */
export function stepsOf({ next }: Pick<Finding, 'next'>): readonly { readonly text: string; readonly command?: string }[] {
  if (next === undefined) return [];
  const { or, ...first } = next;
  return or === undefined ? [first] : [first, { ...or, text: `or ${or.text}` }];
}

/** What is said of waivers that broke the glass and that nobody has reviewed; nothing where there is none. */
export function unreviewedIn(verdicts: readonly Verdict[]): readonly string[] {
  const waivers = [...new Set(verdicts.flatMap(({ unreviewed = [] }) => unreviewed))].sort();
  if (waivers.length === 0) return [];
  const shown = waivers.slice(0, MOST_UNREVIEWED).join(' ');
  const more = waivers.length > MOST_UNREVIEWED ? ` (and ${waivers.length - MOST_UNREVIEWED} more)` : '';
  return [`the glass was broken, and nobody has reviewed why: signwright review ${shown} --reason …${more}`];
}

const MOST_UNREVIEWED = 5;

/** `3 allow, 1 deny`, worst last; results that do not occur are left out. */
export function countResults(verdicts: readonly Verdict[]): string {
  const counts = new Map<string, number>();
  for (const wanted of ['allow', 'pending', 'inconclusive', 'deny']) {
    for (const { result, moment } of verdicts) {
      if (result !== wanted) continue;
      const word = wordOf(result, moment);
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  return counts.size === 0 ? 'nothing was decided' : [...counts].map(([word, count]) => `${grouped(count)} ${word}`).join(', ');
}

/** `1 artifact`, `2,000 artifacts`. */
export function countArtifacts(count: number): string {
  return `${grouped(count)} ${count === 1 ? 'artifact' : 'artifacts'}`;
}

/** A digest as people are shown it: enough to find it by. */
export function shortDigest(digest: Sha256): string {
  return `${digest.slice(0, 19)}…`;
}

/** What the policy was held against, where anything was decided. @param show how the anchor's file is written. */
export function anchoring(verdicts: readonly Verdict[], anchor: string | undefined, show: (text: string) => string): string[] {
  if (verdicts.length === 0) return [];
  if (verdicts.some(({ anchored }) => !anchored)) return [NOT_ANCHORED];
  return [anchor === undefined ? 'anchored' : `anchored by ${show(anchor)}`];
}

const NOT_ANCHORED = 'not anchored: the policy was not checked against an anchor from outside (--anchor FILE)';
export const DEVELOPMENT = 'development: true: this rests on a trial trust root, which proves nothing to others';
export const OBSERVED = 'observed only: this verdict does not block';
