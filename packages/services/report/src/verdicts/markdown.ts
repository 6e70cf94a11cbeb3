import type { Verdict } from '@signwright/signing-core';
import { code, table } from '../escape/markdown.ts';
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

/** A Markdown table for merge requests and job summaries: each artifact, then what stands against those not allowed. */
export function renderMarkdown(verdicts: readonly Verdict[], { anchor }: Pick<ReportOptions, 'anchor'>): string {
  const refused = verdicts.filter(({ result }) => result !== 'allow');
  return [
    `### ${countArtifacts(verdicts.length)}: ${countResults(verdicts)}\n`,
    verdicts.length === 0 ? '' : table(['result', 'artifact', 'environment', 'tier', 'digest'], verdicts.map(row)),
    refused.length === 0 ? '' : table(['artifact', 'requirement', 'status', 'why', 'next'], refused.flatMap(reasons)),
    notes(verdicts, anchor),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function row(verdict: Verdict): string[] {
  const { result, moment, artifact, environment, tiers, enforced } = verdict;
  const word = wordOf(result, moment);
  const shown = result === 'allow' ? word : `**${word}**`;
  return [
    enforced ? shown : `${shown} (observed)`,
    code(artifact.name),
    code(environment),
    tiers.map(code).join(', '),
    code(artifact.digest),
  ];
}

function reasons(verdict: Verdict): string[][] {
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

function notes(verdicts: readonly Verdict[], anchor: string | undefined): string {
  const policies = new Map(verdicts.map(({ policy }) => [policy.digest, policy.name]));
  return [
    ...[...policies].map(([digest, name]) => `- policy ${name === undefined ? '' : `${code(name)} `}${code(digest)}\n`),
    ...anchoring(verdicts, anchor, code).map((text) => `- ${text.replace('--anchor FILE', '`--anchor FILE`')}\n`),
    ...unreviewedIn(verdicts).map((text) => `- ${code(text)}\n`),
    verdicts.some(({ development }) => development) ? `- ${DEVELOPMENT}\n` : '',
    verdicts.some(({ enforced }) => !enforced) ? `- ${OBSERVED}\n` : '',
  ].join('');
}
