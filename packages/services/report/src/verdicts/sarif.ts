import type { Verdict } from '@signwright/signing-core';
import type { Log, Result } from 'sarif';
import { oneLine } from '../escape/one-line.ts';
import { safeJson } from '../escape/safe-json.ts';
import { type Finding, findingsOf, holds, stepsOf } from './findings.ts';

type Problem = { readonly verdict: Verdict; readonly finding: Finding };

/**
 * SARIF 2.1.0 (OASIS): a result for each requirement that is not met, its rule the reason's code; allowed artifacts leave none.
 */
export function renderSarif(verdicts: readonly Verdict[]): string {
  const problems = verdicts.flatMap((verdict) =>
    findingsOf(verdict)
      .filter((finding) => !holds(finding))
      .map((finding) => ({ verdict, finding })),
  );
  const rules = [...new Set(problems.map(({ finding }) => finding.code))].sort();
  const log: Log = {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'signwright',
            informationUri: 'https://signwright.dev',
            rules: rules.map((id) => ({ id, shortDescription: { text: id.replaceAll('-', ' ') } })),
          },
        },
        results: problems.map((problem) => resultOf(problem, rules)),
      },
    ],
  };
  return safeJson(log);
}

function resultOf({ verdict, finding }: Problem, rules: readonly string[]): Result {
  const { artifact, environment } = verdict;
  return {
    ruleId: finding.code,
    ruleIndex: rules.indexOf(finding.code),
    level: levelOf(verdict, finding),
    message: { text: messageText(verdict, finding) },
    locations: [{ physicalLocation: { artifactLocation: { uri: uriOf(artifact.name) } } }],
    partialFingerprints: {
      'signwright/v1': [environment, artifact.name, finding.requirement, finding.code].map(percentEncoded).join('|'),
    },
    properties: {
      artifact: { name: artifact.name, kind: artifact.kind, digest: artifact.digest },
      environment,
      result: verdict.result,
      enforced: verdict.enforced,
      anchored: verdict.anchored,
      development: verdict.development,
      requirement: finding.requirement,
      status: finding.status,
      refused: finding.refused,
    },
  };
}

function levelOf({ enforced }: Verdict, { status }: Finding): 'error' | 'warning' | 'note' {
  if (!enforced) return 'note';
  return status === 'unmet' ? 'error' : 'warning';
}

/** SARIF reads `[text](target)` as a link and `{0}` as a placeholder in a plain message; from outside they are neither. */
function messageText({ artifact, environment }: Verdict, finding: Finding): string {
  const { requirement, message, refused } = finding;
  const parts = [
    `${artifact.name} (${environment}): ${requirement}: ${message}`,
    ...refused.map((each) => `refused: ${each.code}: ${each.message}`),
    ...stepsOf(finding).map(({ text, command }) => `next: ${text}${command === undefined ? '' : `: ${command}`}`),
  ];
  return parts.map((part) => oneLine(part).replace(/[[\]{}]/g, (character) => PLAIN[character] ?? '')).join('. ');
}

const PLAIN: Readonly<Record<string, string>> = { '[': '(', ']': ')', '{': '(', '}': ')' };

/** A name as a relative URI reference (RFC 3986), each part percent-encoded. */
function uriOf(name: string): string {
  return name.split('/').map(percentEncoded).join('/');
}

/** `encodeURIComponent` that takes ill-formed Unicode too. */
function percentEncoded(text: string): string {
  return encodeURIComponent(text.replace(/\p{Cs}/gu, '\uFFFD'));
}
