import type { Verdict } from '@signwright/signing-core';
import { attributes, xmlText } from '../escape/xml.ts';
import { type Finding, findingsOf, holds, stepsOf } from './findings.ts';

type Counts = { tests: number; failures: number; errors: number; skipped: number };

/**
 * JUnit XML as GitLab, Jenkins and Azure DevOps read it: a suite an artifact, a test case a requirement. Unmet and pending are
 * failures, inconclusive is an error, and what is only observed is skipped, for it must not fail a build.
 */
export function renderJunit(verdicts: readonly Verdict[]): string {
  const suites = verdicts.map((verdict) => ({ verdict, findings: findingsOf(verdict) }));
  const total = suites
    .map(({ verdict, findings }) => countOf(verdict, findings))
    .reduce(add, { tests: 0, failures: 0, errors: 0, skipped: 0 });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>\n',
    `<testsuites${attributes({ name: 'signwright', ...total, time: 0 })}>\n`,
    ...suites.map(({ verdict, findings }) => suite(verdict, findings)),
    '</testsuites>\n',
  ].join('');
}

function suite(verdict: Verdict, findings: readonly Finding[]): string {
  const { name } = verdict.artifact;
  const head = attributes({ name, ...countOf(verdict, findings), time: 0, timestamp: verdict.at.replace(/(\.\d+)?Z$/, '') });
  return `  <testsuite${head}>\n${findings.map((finding) => testCase(verdict, finding)).join('')}  </testsuite>\n`;
}

function testCase(verdict: Verdict, finding: Finding): string {
  const { name } = verdict.artifact;
  const head = attributes({ classname: name, name: `${finding.requirement} (${verdict.environment})`, file: name, time: 0 });
  const element = elementOf(verdict, finding);
  if (element === undefined) return `    <testcase${head}/>\n`;
  const why = attributes({ message: finding.message, type: element === 'skipped' ? undefined : finding.code });
  const lines = detail(verdict, finding).map((line) => `        ${xmlText(line)}\n`);
  return `    <testcase${head}>\n      <${element}${why}>\n${lines.join('')}      </${element}>\n    </testcase>\n`;
}

function elementOf(verdict: Verdict, finding: Finding): 'failure' | 'error' | 'skipped' | undefined {
  if (holds(finding)) return undefined;
  if (!verdict.enforced) return 'skipped';
  return finding.status === 'inconclusive' ? 'error' : 'failure';
}

function detail(verdict: Verdict, finding: Finding): string[] {
  const { status, code, message, refused } = finding;
  return [
    `${status} (${code}): ${message}`,
    `artifact ${verdict.artifact.digest}, policy ${verdict.policy.digest}`,
    ...refused.map((each) => `refused ${each.evidence} (${each.code}): ${each.message}`),
    ...stepsOf(finding).flatMap(({ text, command }) => [`next: ${text}`, ...(command === undefined ? [] : [`run: ${command}`])]),
  ];
}

function countOf(verdict: Verdict, findings: readonly Finding[]): Counts {
  const elements = findings.map((finding) => elementOf(verdict, finding));
  const count = (wanted: string): number => elements.filter((element) => element === wanted).length;
  return { tests: findings.length, failures: count('failure'), errors: count('error'), skipped: count('skipped') };
}

function add(a: Counts, b: Counts): Counts {
  return {
    tests: a.tests + b.tests,
    failures: a.failures + b.failures,
    errors: a.errors + b.errors,
    skipped: a.skipped + b.skipped,
  };
}
