import { oneLine } from '../escape/one-line.ts';
import { safeJson } from '../escape/safe-json.ts';
import { attributes, xmlText } from '../escape/xml.ts';
import type { DrilledArtifact, DrilledScenario, DrillReport } from './drill-report.ts';

/** What a drill came to: for people, for programs, or as JUnit XML with a test case for each scenario. */
export function renderDrill(report: DrillReport, format: 'text' | 'json' | 'junit'): string {
  if (format === 'json') return safeJson(report);
  if (format === 'junit') return junitOf(report);
  return textOf(report)
    .map((line) => `${oneLine(line)}\n`)
    .join('');
}

/** For people. */
function textOf(report: DrillReport): string[] {
  const { policy, artifacts, substituted } = report;
  const name = [policy.name, policy.serial === undefined ? undefined : `serial ${policy.serial}`].filter(Boolean).join(', ');
  return [
    `drill of ${policy.file}${name === '' ? '' : ` (${name})`}: ${report.result}`,
    `  ${policy.digest}`,
    ...artifacts.flatMap(artifactLines),
    '',
    'nothing real was used; in place of what the policy names:',
    ...substituted.map((line) => `  ${line}`),
  ];
}

function artifactLines({ artifact, environment, tiers, at, baseline, scenarios }: DrilledArtifact): string[] {
  const good = baseline.allowed
    ? `allowed, in ${seconds(baseline.ms)}`
    : `NOT ALLOWED, so nothing else was rehearsed: ${baseline.why}`;
  return [
    '',
    `${artifact} to ${environment}: ${tiers.join(' + ')}, as of ${at}`,
    `  a good release: ${good}`,
    ...scenarios.flatMap(scenarioLines),
  ];
}

const WORDS = { passed: 'passed', failed: 'FAILED', 'not-applicable': 'nothing to fail', error: 'NOT RUN' } as const;

function scenarioLines({ scenario, verdict, checks, findings, detectionMs, recoveryMs }: DrilledScenario): string[] {
  const times = [
    ...(detectionMs === undefined ? [] : [`noticed in ${seconds(detectionMs)}`]),
    ...(recoveryMs === undefined ? [] : [`back in ${seconds(recoveryMs)}`]),
  ];
  const bad = checks.filter(({ ok }) => !ok).flatMap(({ should, did }) => [`      should: ${should}`, `      did:    ${did}`]);
  return [
    `  ${`${scenario}:`.padEnd(21)} ${WORDS[verdict]}${times.length === 0 ? '' : ` (${times.join(', ')})`}`,
    ...bad,
    ...findings
      .filter((finding) => !checks.some(({ did, ok }) => !ok && did === finding))
      .map((finding) => `      note:   ${finding}`),
  ];
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** JUnit XML: a suite an artifact, a test case a scenario. What failed is a failure, what could not be run an error. */
function junitOf({ artifacts, at }: DrillReport): string {
  const suites = artifacts.map((one) => ({ one, cases: casesOf(one) }));
  const all = suites.flatMap(({ cases }) => cases);
  const counts = (cases: readonly Case[]): Record<string, number> => ({
    tests: cases.length,
    failures: cases.filter(({ element }) => element === 'failure').length,
    errors: cases.filter(({ element }) => element === 'error').length,
    skipped: cases.filter(({ element }) => element === 'skipped').length,
    time: cases.reduce((sum, { time }) => sum + time, 0),
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>\n',
    `<testsuites${attributes({ name: 'signwright drill', ...counts(all) })}>\n`,
    ...suites.map(({ one, cases }) => {
      const name = `${one.artifact} (${one.environment})`;
      const head = attributes({ name, ...counts(cases), timestamp: at.replace(/(\.\d+)?Z$/, '') });
      return `  <testsuite${head}>\n${cases.map((each) => testCase(name, each)).join('')}  </testsuite>\n`;
    }),
    '</testsuites>\n',
  ].join('');
}

type Case = {
  readonly name: string;
  readonly time: number;
  readonly element?: 'failure' | 'error' | 'skipped';
  readonly lines: readonly string[];
};

const ELEMENTS = { passed: undefined, failed: 'failure', error: 'error', 'not-applicable': 'skipped' } as const;

function casesOf({ baseline, scenarios }: DrilledArtifact): Case[] {
  const good: Case = {
    name: 'a good release',
    time: baseline.ms / 1000,
    ...(baseline.allowed ? {} : { element: 'error' as const }),
    lines: baseline.why === undefined ? [] : [baseline.why],
  };
  return [good, ...scenarios.map(caseOf)];
}

function caseOf({ scenario, verdict, checks, findings, detectionMs = 0, recoveryMs = 0 }: DrilledScenario): Case {
  const element = ELEMENTS[verdict];
  return {
    name: scenario,
    time: (detectionMs + recoveryMs) / 1000,
    ...(element === undefined ? {} : { element }),
    lines: [...checks.filter(({ ok }) => !ok).map(({ should, did }) => `should: ${should}; did: ${did}`), ...findings],
  };
}

function testCase(classname: string, { name, time, element, lines }: Case): string {
  const head = attributes({ classname, name, time });
  if (element === undefined) return `    <testcase${head}/>\n`;
  const [first = 'the policy has nothing that could fail like this'] = lines;
  const body = lines.map((line) => `        ${xmlText(line)}\n`).join('');
  return `    <testcase${head}>\n      <${element}${attributes({ message: first })}>\n${body}      </${element}>\n    </testcase>\n`;
}
