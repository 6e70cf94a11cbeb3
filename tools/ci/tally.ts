/** How many things passed and failed. */
export type Tally = { readonly passed: number; readonly failed: number };

type VitestReport = {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly FileResult[];
};
type FileResult = { readonly status: string; readonly assertionResults: readonly { readonly status: string }[] };

/**
 * Counts a run of vitest by its JSON report. A file that failed without a failing test (it did not load, a hook threw) is one
 * failure, and a run that failed for no reason the report knows of is one too: nothing that went wrong counts as nothing.
 *
 * @param report the JSON, or `undefined` where the run wrote none.
 */
export function countVitest(report: string | undefined, succeeded: boolean): Tally {
  const { numPassedTests = 0, numFailedTests = 0, testResults = [] } = parse(report);
  const broken = testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed'),
  );
  const failed = numFailedTests + broken.length;
  return { passed: numPassedTests, failed: failed === 0 && !succeeded ? 1 : failed };
}

/** The line CI ends with. */
export function tallyLine(tallies: readonly Tally[]): { readonly text: string; readonly failed: number } {
  const sum = (pick: (tally: Tally) => number): number => tallies.reduce((total, tally) => total + pick(tally), 0);
  const failed = sum((tally) => tally.failed);
  return { text: `${sum((tally) => tally.passed)} passed, ${failed} failed`, failed };
}

function parse(report: string | undefined): Partial<VitestReport> {
  try {
    return JSON.parse(report ?? '{}') as Partial<VitestReport>;
  } catch {
    return {};
  }
}
