import { expect, test } from 'vitest';
import { countVitest, tallyLine } from './tally.ts';

const report = (passed: number, failed: number, files: readonly { status: string; tests: readonly string[] }[] = []): string =>
  JSON.stringify({
    numPassedTests: passed,
    numFailedTests: failed,
    testResults: files.map(({ status, tests }) => ({ status, assertionResults: tests.map((each) => ({ status: each })) })),
  });

test('tests that passed and failed are counted as the report says', () => {
  expect(countVitest(report(5, 2, [{ status: 'failed', tests: ['failed', 'failed'] }]), false)).toEqual({ passed: 5, failed: 2 });
});

test('a file that did not load is a failure although no test failed', () => {
  expect(countVitest(report(5, 0, [{ status: 'failed', tests: [] }]), false)).toEqual({ passed: 5, failed: 1 });
});

test('a run that failed without a word is a failure: no report, half a report, or a green one', () => {
  expect(countVitest(undefined, false)).toEqual({ passed: 0, failed: 1 });
  expect(countVitest('{"numPassed', false)).toEqual({ passed: 0, failed: 1 });
  expect(countVitest(report(3, 0), false)).toEqual({ passed: 3, failed: 1 });
});

test('the last line adds up every step', () => {
  const line = tallyLine([
    { passed: 0, failed: 1 },
    { passed: 1, failed: 0 },
    { passed: 40, failed: 2 },
  ]);
  expect(line).toEqual({ text: '41 passed, 3 failed', failed: 3 });
});
