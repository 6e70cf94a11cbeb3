import { PATH_CASES_AT, type PathCase, pathCases } from '@signwright/testkit';
import { expect, test } from 'vitest';
import { SignwrightError } from '../error.ts';
import { type Certificate, parseCertificate } from './certificate.ts';
import { checkPath } from './path.ts';

const TABLE = pathCases();

/** Why a path does not hold, `undefined` where it does. */
function whyNot({ leaf, chain, purpose }: PathCase): string | undefined {
  try {
    const authority = chain.map((one) => parseCertificate(one)) as [Certificate, ...Certificate[]];
    checkPath(parseCertificate(leaf), { chain: authority, validFrom: 0 }, PATH_CASES_AT.getTime(), purpose);
    return undefined;
  } catch (error) {
    if (error instanceof SignwrightError) return error.message;
    throw error;
  }
}

test.each(TABLE.map((one) => [one.rule, one.what, one] as const))('%s: %s', (_, __, one) => {
  if (one.refused) expect(whyNot(one)).toMatch(one.refused);
  else expect(whyNot(one)).toBeUndefined();
});

test('each rule is there kept and broken', () => {
  const rules = new Set(TABLE.filter(({ refused }) => refused).map(({ rule }) => rule));
  const kept = new Set(TABLE.filter(({ refused }) => !refused).map(({ rule }) => rule));
  expect([...rules].filter((rule) => !kept.has(rule))).toEqual(['weak algorithms', 'version']);
});
