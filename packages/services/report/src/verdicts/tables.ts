import type { Verdict } from '@signwright/signing-core';
import type { Markup } from '../escape/markup.ts';
import {
  anchoring,
  countArtifacts,
  countResults,
  DEVELOPMENT,
  findingsOf,
  holds,
  OBSERVED,
  stepsOf,
  unreviewedIn,
  wordOf,
} from './findings.ts';
import type { ReportOptions } from './render-verdicts.ts';

/** Tables for merge requests, job summaries and pages: each artifact, then what stands against those not allowed. */
export function renderTables(verdicts: readonly Verdict[], { anchor }: Pick<ReportOptions, 'anchor'>, markup: Markup): string {
  const refused = verdicts.filter(({ result }) => result !== 'allow');
  const row = (verdict: Verdict): string[] => rowOf(verdict, markup);
  return [
    markup.heading(`${countArtifacts(verdicts.length)}: ${countResults(verdicts)}`),
    verdicts.length === 0 ? '' : markup.table(['result', 'artifact', 'environment', 'tier', 'digest'], verdicts.map(row)),
    refused.length === 0
      ? ''
      : markup.table(
          ['artifact', 'requirement', 'status', 'why', 'next'],
          refused.flatMap((verdict) => reasons(verdict, markup)),
        ),
    markup.list(notes(verdicts, anchor, markup)),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function rowOf(verdict: Verdict, { code, strong }: Markup): string[] {
  const { result, moment, artifact, environment, tiers, enforced } = verdict;
  const word = wordOf(result, moment);
  const shown = result === 'allow' ? word : strong(word);
  return [
    enforced ? shown : `${shown} (observed)`,
    code(artifact.name),
    code(environment),
    tiers.map(code).join(', '),
    code(artifact.digest),
  ];
}

function reasons(verdict: Verdict, { code }: Markup): string[][] {
  return findingsOf(verdict)
    .filter((finding) => !holds(finding))
    .map((finding) => [
      code(verdict.artifact.name),
      code(finding.requirement),
      `${finding.status}: ${finding.code}`,
      [finding.message, ...finding.refused.map((each) => `${each.code}: ${each.message}`)].map(code).join('<br>'),
      stepsOf(finding)
        .flatMap(({ text, command }) => (command === undefined ? [text] : [text, command]))
        .map(code)
        .join('<br>'),
    ]);
}

function notes(verdicts: readonly Verdict[], anchor: string | undefined, { code }: Markup): string[] {
  const policies = new Map(verdicts.map(({ policy }) => [policy.digest, policy.name]));
  return [
    ...[...policies].map(([digest, name]) => `policy ${name === undefined ? '' : `${code(name)} `}${code(digest)}`),
    ...anchoring(verdicts, anchor, code).map((text) => text.replace('--anchor FILE', code('--anchor FILE'))),
    ...unreviewedIn(verdicts).map(code),
    ...(verdicts.some(({ development }) => development) ? [DEVELOPMENT] : []),
    ...(verdicts.some(({ enforced }) => !enforced) ? [OBSERVED] : []),
  ];
}
