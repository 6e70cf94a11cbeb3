import type { JsonObject } from '../formats/strict-json.ts';
import { describe, type ReportFile } from './write-vulnerabilities.ts';

/** What one run of tests came to. */
export type TestRun = {
  readonly passed: readonly string[];
  /** Passed, with something odd: a second try. */
  readonly warned: readonly string[];
  readonly failed: readonly string[];
  /** How many did not run. */
  readonly skipped: number;
};

/** The field with how many tests there were, since names are left out of big runs. */
export const TEST_COUNTS = 'https://signwright.dev/test-counts';

/** Names in a list, at the most; of more that passed none is named, for a part of them says nothing. */
const MAX_NAMES = 1000;

/** A run of tests as an in-toto test-result v0.1 predicate, whose configuration is the report it was read from. */
export function writeTestResult(run: TestRun, report: ReportFile): JsonObject {
  const { passed, warned, failed, skipped } = run;
  return {
    result: failed.length > 0 ? 'FAILED' : warned.length > 0 ? 'WARNED' : 'PASSED',
    configuration: [describe(report)],
    ...(passed.length > MAX_NAMES ? {} : { passedTests: passed }),
    warnedTests: warned.slice(0, MAX_NAMES),
    failedTests: failed.slice(0, MAX_NAMES),
    [TEST_COUNTS]: { passed: passed.length, warned: warned.length, failed: failed.length, skipped },
  };
}
