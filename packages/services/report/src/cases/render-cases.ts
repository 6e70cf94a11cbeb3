import { oneLine } from '../escape/one-line.ts';
import { safeJson } from '../escape/safe-json.ts';
import { attributes, xmlText } from '../escape/xml.ts';

/** What came of one case a policy was held to. */
export type CaseResult = {
  readonly name: string;
  /** `file:line:column`. */
  readonly where: string;
  /** What differs from what was expected; none where it holds. */
  readonly failures: readonly string[];
};

export type CasesReport = {
  /** The file of cases, and the policy that was held to them. */
  readonly file: string;
  readonly policy: { readonly file: string; readonly digest: string };
  readonly results: readonly CaseResult[];
};

/** The results of cases: for people, for programs, or as JUnit XML with a test case each. */
export function renderCases(report: CasesReport, format: 'text' | 'json' | 'junit'): string {
  if (format === 'json') return renderJson(report);
  return format === 'junit' ? renderJunit(report) : renderText(report);
}

function failed({ results }: CasesReport): number {
  return results.filter(({ failures }) => failures.length > 0).length;
}

function renderText(report: CasesReport): string {
  const { results } = report;
  const lines = results.flatMap(({ name, where, failures }) =>
    failures.length === 0 ? [`ok      ${name}`] : [`FAILED  ${name} (${where})`, ...failures.map((one) => `          ${one}`)],
  );
  const summed = `${results.length} ${results.length === 1 ? 'case' : 'cases'}: ${results.length - failed(report)} hold, ${failed(report)} failed · policy ${report.policy.digest}`;
  return [...lines, summed].map((line) => `${oneLine(line)}\n`).join('');
}

function renderJson(report: CasesReport): string {
  const { file, policy, results } = report;
  const cases = results.map((result) => ({ ...result, holds: result.failures.length === 0 }));
  return safeJson({ version: 1, file, policy, failed: failed(report), cases });
}

function renderJunit(report: CasesReport): string {
  const { file, results } = report;
  const counts = { tests: results.length, failures: failed(report), errors: 0, skipped: 0, time: 0 };
  return [
    '<?xml version="1.0" encoding="UTF-8"?>\n',
    `<testsuites${attributes({ name: 'signwright policy test', ...counts })}>\n`,
    `  <testsuite${attributes({ name: file, ...counts })}>\n`,
    ...results.map((result) => testCase(file, result)),
    '  </testsuite>\n</testsuites>\n',
  ].join('');
}

function testCase(file: string, { name, where, failures }: CaseResult): string {
  const head = attributes({ classname: file, name, file, time: 0 });
  if (failures.length === 0) return `    <testcase${head}/>\n`;
  const lines = [where, ...failures].map((line) => `        ${xmlText(line)}\n`).join('');
  return `    <testcase${head}>\n      <failure${attributes({ message: failures[0] ?? '' })}>\n${lines}      </failure>\n    </testcase>\n`;
}
