import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CONTEXT } from '../../tests/decide-fixtures.ts';
import type { FreezeRequirement, WindowRequirement, WindowRule } from '../requirement.ts';
import type { Outcome } from '../verdict.ts';
import type { DecisionContext } from './context.ts';
import { decideFreeze, decideWindow, isOpen, nextOpening } from './windows.ts';

const at = (time: string): number => Date.parse(time);
const hours = (days: readonly number[], from: number, to: number, timezone = 'Europe/Stockholm'): WindowRule => ({
  days,
  from: from * 60,
  to: to * 60,
  timezone,
});
const OFFICE = hours([1, 2, 3, 4], 8, 16);

function window(time: string, all: readonly (readonly WindowRule[])[], moment: DecisionContext['moment'] = 'release'): Outcome {
  const requirement: WindowRequirement = { id: 'window', layer: 'central', waivable: true, type: 'window', all };
  return decideWindow(requirement, { ...CONTEXT, at: at(time), moment });
}

describe('a window', () => {
  test.each([
    ['2026-06-01T05:59:59.999Z', false],
    ['2026-06-01T06:00:00Z', true],
    ['2026-06-01T13:59:59.999Z', true],
    ['2026-06-01T14:00:00Z', false],
    ['2026-06-05T08:00:00Z', false],
    // In winter the same clock is an hour behind.
    ['2026-12-01T06:59:59Z', false],
    ['2026-12-01T07:00:00Z', true],
  ])('is open by the clocks of its own time zone: %s %s', (time, open) => {
    expect(window(time, [[OFFICE]]).status).toBe(open ? 'met' : 'unmet');
  });

  test.each([
    ['Pacific/Kiritimati', '2026-06-01T12:00:00Z', 2, 2],
    ['America/Los_Angeles', '2026-06-01T06:00:00Z', 0, 23],
    ['Asia/Kathmandu', '2026-06-01T18:15:00Z', 2, 0],
  ])('has the days of its own time zone: %s', (timezone, time, day, hour) => {
    expect(isOpen([hours([day], hour, hour + 1, timezone)], at(time))).toBe(true);
    expect(isOpen([hours([(day + 1) % 7], hour, hour + 1, timezone)], at(time))).toBe(false);
  });

  test('of several lists: one of each must be open', () => {
    const morning = [hours([1], 8, 12, 'UTC'), hours([2], 8, 12, 'UTC')];
    const late = [hours([1, 2], 11, 16, 'UTC')];
    expect(window('2026-06-01T11:30:00Z', [morning, late]).status).toBe('met');
    expect(window('2026-06-01T10:30:00Z', [morning, late])).toMatchObject({
      status: 'unmet',
      code: 'window-closed',
      next: { text: 'the next window opens 2026-06-01T11:00:00.000Z' },
    });
    expect(window('2026-06-01T10:30:00Z', [morning, [hours([3], 8, 12, 'UTC')]]).next).toEqual({
      text: 'these windows are never open together: change the policy',
    });
  });

  test('is not asked again where it runs already', () => {
    expect(window('2026-06-06T03:00:00Z', [[OFFICE]], 'run')).toMatchObject({ status: 'met', code: 'window-open' });
  });

  test('is answered anew for another instant and another moment', () => {
    const requirement: WindowRequirement = { id: 'w', layer: '', waivable: true, type: 'window', all: [[OFFICE]] };
    const status = (time: string, moment: DecisionContext['moment']) =>
      decideWindow(requirement, { ...CONTEXT, at: at(time), moment }).status;
    expect(status('2026-06-06T08:00:00Z', 'release')).toBe('unmet');
    expect(status('2026-06-06T08:00:00Z', 'run')).toBe('met');
    expect(status('2026-06-02T08:00:00Z', 'release')).toBe('met');
    expect(status('2026-06-06T08:00:00Z', 'release')).toBe('unmet');
  });

  test('opens again where clocks are put on over its beginning', () => {
    // In Stockholm on 2026-03-29 there is no time from 02:00 to 03:00.
    const night = [hours([0], 2, 4)];
    expect(nextOpening([night], at('2026-03-29T00:30:00Z'))).toBe(at('2026-03-29T01:00:00Z'));
  });
});

test('the next opening is open, and nothing before it is', () => {
  const rule = fc
    .record({
      days: fc.subarray([0, 1, 2, 3, 4, 5, 6], { minLength: 1, maxLength: 2 }),
      from: fc.integer({ min: 0, max: 22 }),
      length: fc.integer({ min: 1, max: 5 }),
      timezone: fc.constantFrom('UTC', 'Europe/Stockholm', 'Asia/Kathmandu'),
    })
    .map(({ days, from, length, timezone }) => hours(days, from, Math.min(24, from + length), timezone));
  const lists = fc.array(fc.array(rule, { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 2 });
  const time = fc.integer({ min: at('2026-03-20T00:00:00Z'), max: at('2026-11-05T00:00:00Z') });
  fc.assert(
    fc.property(lists, time, fc.nat(10_000), (all, from, step) => {
      const opens = nextOpening(all, from);
      const open = (when: number): boolean => all.every((list) => isOpen(list, when));
      if (opens !== undefined) expect(open(opens) && opens >= from).toBe(true);
      const between = from + step * 60_000;
      if (between < (opens ?? from + 7 * 86_400_000) - 60_000) expect(open(between)).toBe(open(from) && step === 0);
    }),
    { numRuns: 40 },
  );
});

describe('a freeze', () => {
  const freezes = [
    { from: at('2026-12-18T00:00:00Z'), until: at('2027-01-04T00:00:00Z'), reason: 'end of year' },
    { from: at('2027-01-02T00:00:00Z'), until: at('2027-01-08T00:00:00Z') },
  ];
  const frozen = (time: string, moment: DecisionContext['moment'] = 'release'): Outcome => {
    const requirement: FreezeRequirement = { id: 'freeze', layer: 'central', waivable: true, type: 'freeze', freezes };
    return decideFreeze(requirement, { ...CONTEXT, at: at(time), moment });
  };

  test.each([
    ['2026-12-17T23:59:59Z', 'met'],
    ['2026-12-18T00:00:00Z', 'unmet'],
    ['2027-01-07T23:59:59Z', 'unmet'],
    ['2027-01-08T00:00:00Z', 'met'],
  ])('holds from its first instant, and not at its last: %s %s', (time, status) => {
    expect(frozen(time).status).toBe(status);
  });

  test('says why, and until when, with those that follow it', () => {
    expect(frozen('2026-12-20T00:00:00Z')).toMatchObject({
      code: 'frozen',
      message: 'releases are frozen from 2026-12-18T00:00:00.000Z until 2027-01-04T00:00:00.000Z (end of year)',
      next: { text: 'wait until 2027-01-08T00:00:00.000Z' },
    });
  });

  test('is not asked again where it runs already', () => {
    expect(frozen('2026-12-20T00:00:00Z', 'run').status).toBe('met');
  });
});
