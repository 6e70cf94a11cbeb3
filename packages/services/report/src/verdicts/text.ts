import type { NextStep, OutcomeStatus, Result, Verdict } from '@signwright/signing-core';
import { oneLine } from '../escape/one-line.ts';
import { type Colour, type Paint, painter } from '../escape/paint.ts';
import { wrap } from '../escape/wrap.ts';
import {
  anchoring,
  countArtifacts,
  countResults,
  DEVELOPMENT,
  type Finding,
  findingsOf,
  holds,
  OBSERVED,
  shortDigest,
  stepsOf,
  unreviewedIn,
  wordOf,
} from './findings.ts';
import type { ReportOptions } from './render-verdicts.ts';

/** Allowed artifacts are listed one by one up to here, beyond it a line a tier. */
const LISTED = 20;

const RESULTS: Readonly<Record<Result, { mark: string; colour: Colour }>> = {
  allow: { mark: '✓', colour: 'green' },
  deny: { mark: '✗', colour: 'red' },
  pending: { mark: '…', colour: 'yellow' },
  inconclusive: { mark: '?', colour: 'yellow' },
};

const RESULT_OF: Readonly<Record<OutcomeStatus, Result>> = {
  met: 'allow',
  waived: 'allow',
  unmet: 'deny',
  pending: 'pending',
  inconclusive: 'inconclusive',
};

/** For people: each artifact with every requirement, met or not, why, and the next step, those allowed first; a summary last. */
export function renderText(verdicts: readonly Verdict[], { color, width, explain = false, anchor }: ReportOptions): string {
  const paint = painter(color);
  const allowed = verdicts.filter(({ result }) => result === 'allow');
  const others = verdicts.filter(({ result }) => result !== 'allow');
  const grouped = allowed.length > LISTED && !explain;
  const lines = [
    ...(grouped ? groups(allowed, paint) : allowed.flatMap((verdict) => block(verdict, paint, width))),
    ...others.flatMap((verdict) => block(verdict, paint, width)),
    ...warnings(verdicts).flatMap((text) => wrap(text, '', width).map((line) => paint('yellow', line))),
    ...wrap(summary(verdicts, anchor), '', width).map((line) => paint('bold', line)),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function groups(allowed: readonly Verdict[], paint: Paint): string[] {
  const groups = new Map<string, { readonly like: Verdict; count: number }>();
  for (const verdict of allowed) {
    const id = `${verdict.moment} ${tiersOf(verdict)}`;
    const group = groups.get(id);
    if (group) group.count++;
    else groups.set(id, { like: verdict, count: 1 });
  }
  return [...groups.values()].map(
    ({ like, count }) => `${heading(like, paint)}  ${countArtifacts(count)}  ${paint('dim', tiersOf(like))}`,
  );
}

function block(verdict: Verdict, paint: Paint, width: number | undefined): string[] {
  const { artifact, signedAs, environment, enforced } = verdict;
  const about = [
    tiersOf(verdict),
    environment === 'default' ? '' : `environment ${oneLine(environment)}`,
    signedAs === undefined ? '' : `signed as ${oneLine(signedAs.name)} (${oneLine(signedAs.kind)})`,
    enforced ? '' : 'observed only',
  ].filter((text) => text !== '');
  const head = `${heading(verdict, paint)}  ${oneLine(artifact.name)}  ${paint('dim', about.join(' · '))}`.trimEnd();
  const findings = findingsOf(verdict);
  return [
    head,
    ...findings.flatMap((finding, at) => [
      ...detail(finding, paint, width),
      ...(findings.slice(at + 1).some(({ next }) => isSame(next, finding.next)) ? [] : nextSteps(finding, paint, width)),
    ]),
  ];
}

function heading({ result, moment }: Verdict, paint: Paint): string {
  const { mark, colour } = RESULTS[result];
  return paint(colour, `${mark} ${wordOf(result, moment)}`);
}

function detail(finding: Finding, paint: Paint, width: number | undefined): string[] {
  const { requirement, status, code, message, evidence, refused } = finding;
  const { mark, colour } = RESULTS[RESULT_OF[status]];
  const reasons = [
    [message, ...evidence.map((id) => `evidence ${shortDigest(id)}`)].join(', '),
    ...(holds(finding) ? [] : refused.map((each) => `refused ${shortDigest(each.evidence)} (${each.code}): ${each.message}`)),
  ];
  return [
    `    ${paint(colour, mark)} ${oneLine(requirement)}  ${paint('dim', `${status}: ${oneLine(code)}`)}`,
    ...reasons.flatMap((text) => wrap(oneLine(text), '        ', width)),
  ];
}

function nextSteps(finding: Finding, paint: Paint, width: number | undefined): string[] {
  return stepsOf(finding).flatMap(({ text, command }) => [
    ...wrap(`→ ${oneLine(text)}`, '      ', width),
    ...(command === undefined ? [] : [`        ${paint('bold', oneLine(command))}`]),
  ]);
}

function isSame(a: NextStep | undefined, b: NextStep | undefined): boolean {
  return a?.text === b?.text && a?.command === b?.command && (a?.or === b?.or || isSame(a?.or, b?.or));
}

function tiersOf({ tiers }: Verdict): string {
  return tiers.length === 0 ? '' : `(${tiers.map(oneLine).join(' + ')})`;
}

function warnings(verdicts: readonly Verdict[]): string[] {
  const any = (test: (verdict: Verdict) => boolean, text: string): string[] => (verdicts.some(test) ? [text] : []);
  return [
    ...unreviewedIn(verdicts),
    ...any(({ development }) => development, DEVELOPMENT),
    ...any(({ enforced }) => !enforced, OBSERVED),
  ];
}

function summary(verdicts: readonly Verdict[], anchor: string | undefined): string {
  const policies = new Map(verdicts.map(({ policy }) => [policy.digest, policy.name]));
  const named = [...policies].map(
    ([digest, name]) => `policy ${name === undefined ? '' : `${oneLine(name)} `}${shortDigest(digest)}`,
  );
  return [
    `${countArtifacts(verdicts.length)}: ${countResults(verdicts)}`,
    ...named,
    ...anchoring(verdicts, anchor, oneLine),
  ].join(' · ');
}
