import type { OutcomeStatus, Result, Verdict } from '@signwright/signing-core';
import { oneLine } from '../escape/one-line.ts';
import { type Colour, type Paint, painter } from '../escape/paint.ts';
import { wrap } from '../escape/wrap.ts';
import {
  countArtifacts,
  countResults,
  DEVELOPMENT,
  type Finding,
  findingsOf,
  holds,
  NOT_ANCHORED,
  OBSERVED,
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

/** For people: allowed artifacts a line each, then the others with every requirement, why, and the next step; a summary last. */
export function renderText(verdicts: readonly Verdict[], { color, width, explain = false }: ReportOptions): string {
  const paint = painter(color);
  const allowed = verdicts.filter(({ result }) => result === 'allow');
  const others = verdicts.filter(({ result }) => result !== 'allow');
  const grouped = allowed.length > LISTED && !explain;
  const lines = [
    ...(grouped ? groups(allowed, paint) : allowed.flatMap((verdict) => block(verdict, explain, paint, width))),
    ...others.flatMap((verdict) => block(verdict, true, paint, width)),
    ...warnings(verdicts).flatMap((text) => wrap(text, '', width).map((line) => paint('yellow', line))),
    ...wrap(summary(verdicts), '', width).map((line) => paint('bold', line)),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function groups(allowed: readonly Verdict[], paint: Paint): string[] {
  const tiers = new Map<string, number>();
  for (const verdict of allowed) tiers.set(tiersOf(verdict), (tiers.get(tiersOf(verdict)) ?? 0) + 1);
  return [...tiers].map(([tier, count]) => `${heading('allow', paint)}  ${countArtifacts(count)}  ${paint('dim', tier)}`);
}

function block(verdict: Verdict, detailed: boolean, paint: Paint, width: number | undefined): string[] {
  const { result, artifact, signedAs, environment, enforced } = verdict;
  const about = [
    tiersOf(verdict),
    environment === 'default' ? '' : `environment ${oneLine(environment)}`,
    signedAs === undefined ? '' : `signed as ${oneLine(signedAs.name)} (${oneLine(signedAs.kind)})`,
    enforced ? '' : 'observed only',
  ].filter((text) => text !== '');
  const head = `${heading(result, paint)}  ${oneLine(artifact.name)}  ${paint('dim', about.join(' · '))}`.trimEnd();
  return detailed ? [head, ...findingsOf(verdict).flatMap((finding) => detail(finding, paint, width))] : [head];
}

function heading(result: Result, paint: Paint): string {
  const { mark, colour } = RESULTS[result];
  return paint(colour, `${mark} ${result}`);
}

function detail(finding: Finding, paint: Paint, width: number | undefined): string[] {
  const { requirement, status, code, message, refused, next } = finding;
  const { mark, colour } = RESULTS[RESULT_OF[status]];
  const reasons = [
    message,
    ...(holds(finding) ? [] : refused.map((each) => `refused ${each.evidence.slice(0, 19)}… (${each.code}): ${each.message}`)),
  ];
  return [
    `    ${paint(colour, mark)} ${oneLine(requirement)}  ${paint('dim', `${status}: ${oneLine(code)}`)}`,
    ...reasons.flatMap((text) => wrap(oneLine(text), '        ', width)),
    ...(next === undefined ? [] : wrap(`→ ${oneLine(next.text)}`, '      ', width)),
    ...(next?.command === undefined ? [] : [`        ${paint('bold', oneLine(next.command))}`]),
  ];
}

function tiersOf({ tiers }: Verdict): string {
  return tiers.length === 0 ? '' : `(${tiers.map(oneLine).join(' + ')})`;
}

function warnings(verdicts: readonly Verdict[]): string[] {
  const any = (test: (verdict: Verdict) => boolean, text: string): string[] => (verdicts.some(test) ? [text] : []);
  return [...any(({ development }) => development, DEVELOPMENT), ...any(({ enforced }) => !enforced, OBSERVED)];
}

function summary(verdicts: readonly Verdict[]): string {
  const policies = new Map(verdicts.map(({ policy }) => [policy.digest, policy.name]));
  const named = [...policies].map(
    ([digest, name]) => `policy ${name === undefined ? '' : `${oneLine(name)} `}${digest.slice(0, 19)}…`,
  );
  const unanchored = verdicts.some(({ anchored }) => !anchored) ? [NOT_ANCHORED] : [];
  return [`${countArtifacts(verdicts.length)}: ${countResults(verdicts)}`, ...named, ...unanchored].join(' · ');
}
