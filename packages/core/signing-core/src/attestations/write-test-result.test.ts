import { expect, test } from 'vitest';
import { sha256 } from '../formats/digest.ts';
import { judgeTestResult } from './judge-test-result.ts';
import { type TestRun, writeTestResult } from './write-test-result.ts';

const FILE = { name: 'junit.xml', digest: sha256('report') };
const names = (count: number): string[] => Array.from({ length: count }, (_, at) => `t${at}`);

test.each<[TestRun, boolean, string]>([
  [{ passed: names(3), warned: [], failed: [], skipped: 2 }, true, '3 tests passed, 2 skipped'],
  [{ passed: names(1), warned: ['w'], failed: [], skipped: 0 }, true, '2 tests passed, 1 of them with warnings: "w"'],
  [{ passed: names(5000), warned: [], failed: [], skipped: 0 }, true, '5000 tests passed'],
  [{ passed: names(9), warned: [], failed: ['f'], skipped: 0 }, false, '1 test failed: "f"'],
  [
    { passed: [], warned: [], failed: names(3000), skipped: 0 },
    false,
    '3000 tests failed: "t0", "t1", "t2", "t3", "t4" and 2995 more',
  ],
  [{ passed: [], warned: [], failed: [], skipped: 4 }, false, 'no test ran'],
])('a run is judged as it was written', (run, ok, message) => {
  expect(judgeTestResult(writeTestResult(run, FILE))).toMatchObject({ ok, message });
});

test('of a big run the failed are named and the passed counted', () => {
  const predicate = writeTestResult({ passed: names(1001), warned: [], failed: names(1001), skipped: 0 }, FILE);
  expect(Object.keys(predicate)).not.toContain('passedTests');
  expect(predicate['failedTests']).toHaveLength(1000);
  expect(predicate['https://signwright.dev/test-counts']).toEqual({ passed: 1001, warned: 0, failed: 1001, skipped: 0 });
});
