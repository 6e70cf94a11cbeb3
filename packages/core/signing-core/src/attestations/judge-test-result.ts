import { quoted } from '../formats/quoted.ts';
import { type FieldReader, fieldReader } from '../formats/read-json.ts';
import type { Json, JsonObject } from '../formats/strict-json.ts';
import { fails, holds, judged, type PredicateJudgement } from './judgement.ts';
import { listOrNone } from './scanners/scanner-report.ts';
import { TEST_COUNTS } from './write-test-result.ts';

const RESULTS = ['PASSED', 'WARNED', 'FAILED'];
const COUNTS = ['passed', 'warned', 'failed', 'skipped'] as const;
const NAMED = 5;

/**
 * Judges an in-toto test-result v0.1: nothing may have failed, whatever `result` says, and where tests are listed or counted, one
 * must have run. Warnings pass, as the specification has them, and are told.
 */
export function judgeTestResult(predicate: Json): PredicateJudgement {
  return judged(() => {
    const read = fieldReader('the test result');
    const fields = read.record(predicate, 'predicate');
    const result = read.text(fields['result'], 'result');
    if (!RESULTS.includes(result)) read.fail('result', `is none of ${RESULTS.join(', ')}`);
    for (const [at, value] of read.list(fields['configuration'], 'configuration').entries())
      read.record(value, `configuration[${at}]`);
    const [passed, warned, failed] = ['passedTests', 'warnedTests', 'failedTests'].map((key) => namesIn(read, fields, key));
    const counts = countsIn(read, fields[TEST_COUNTS]);
    const failures = Math.max(failed?.length ?? 0, counts?.failed ?? 0);
    if (failures > 0) return fails('tests-failed', `${count(failures)} failed${toldOf(failed ?? [], failures)}`);
    if (result === 'FAILED') return fails('tests-failed', 'the tests failed, as its result says');
    const ran = counts === undefined ? (passed?.length ?? 0) + (warned?.length ?? 0) : counts.passed + counts.warned;
    if (ran === 0 && (counts !== undefined || passed !== undefined)) return fails('tests-failed', 'no test ran');
    const odd = counts?.warned ?? warned?.length ?? 0;
    const skipped = counts?.skipped ?? 0;
    return holds(
      [
        ran === 0 ? 'the tests passed; it lists none' : `${count(ran)} passed`,
        ...(odd > 0
          ? [`${odd} of them with warnings${toldOf(warned ?? [], odd)}`]
          : result === 'WARNED'
            ? ['with warnings']
            : []),
        ...(skipped > 0 ? [`${skipped} skipped`] : []),
      ].join(', '),
    );
  });
}

/** The names in a list; nothing where there is no list, which the specification allows. */
function namesIn(read: FieldReader, fields: JsonObject, key: string): readonly string[] | undefined {
  if (fields[key] === undefined || fields[key] === null) return undefined;
  return listOrNone(read, fields[key], key).map((value, at) => read.text(value, `${key}[${at}]`));
}

function countsIn(
  read: FieldReader,
  value: Json | undefined,
): { readonly [name in (typeof COUNTS)[number]]: number } | undefined {
  if (value === undefined) return undefined;
  const path = `[${quoted(TEST_COUNTS)}]`;
  const fields = read.object(value, path, COUNTS);
  const [passed, warned, failed, skipped] = COUNTS.map((name) => {
    const number = fields[name];
    const whole = typeof number === 'number' && Number.isSafeInteger(number) && number >= 0;
    return whole ? number : read.fail(`${path}.${name}`, 'must be a whole number from 0');
  }) as [number, number, number, number];
  return { passed, warned, failed, skipped };
}

function count(tests: number): string {
  return tests === 1 ? '1 test' : `${tests} tests`;
}

/** The first names of `all` tests. */
function toldOf(names: readonly string[], all: number): string {
  if (names.length === 0) return '';
  const named = names.slice(0, NAMED).map(quoted);
  return `: ${named.join(', ')}${all > named.length ? ` and ${all - named.length} more` : ''}`;
}
