import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { load, problemsOf, withKey } from '../../tests/policy-files.ts';
import { validatePolicyFile } from '../generated/validate-policy-file.ts';
import { instantOf, optionalInstant } from './instant.ts';

describe('a date of a policy', () => {
  test.each([
    '2026-12-31T16:00:00+01',
    '2026-12-31T16:00:00+0100',
    '2026-12-31T23:59:60Z',
    '2026-12-31T16:00:60Z',
    '2026-12-31 16:00:00Z',
    '2026-12-31t16:00:00z',
    '2026-12-31T16:00:00',
    '2026-12-31T24:00:00Z',
    '2026-02-29T16:00:00Z',
  ])('is refused where it stands, unless every reader takes it for the same instant: %s', async (date) => {
    const key = `signers: { build: { keys: [{ ref: k, public-key: trust/a.pub, compromised-since: "${date}" }] } }`;
    const [problem, ...others] = await problemsOf(withKey('').replace(/signers: .*/, key));
    expect(others).toEqual([]);
    expect(`${problem?.where} ${problem?.message}`).toContain(
      `policy.yaml:3:82 found "${date}"; allowed is a date, or a time with its offset, such as 2026-12-31 or 2026-12-31T16:00:00Z`,
    );
  });

  test.each([
    ['2026-12-31', Date.UTC(2026, 11, 31)],
    ['2026-12-31T16:00:00Z', Date.UTC(2026, 11, 31, 16)],
    ['2026-12-31T16:00:00.5+01:30', Date.UTC(2026, 11, 31, 14, 30, 0, 500)],
    ['2028-02-29T00:00:00-00:00', Date.UTC(2028, 1, 29)],
  ])('is an instant: %s', async (date, instant) => {
    const policy = await load(withKey('').replace('trust/a.pub', `trust/a.pub, until: ${date}`));
    expect(policy.signers.get('build')?.keys[0]?.rule.until).toBe(instant);
  });

  test('that the schema takes is an instant, whatever is written', () => {
    const two = fc.integer({ min: 0, max: 62 }).map((number) => String(number).padStart(2, '0'));
    const written = fc
      .tuple(
        fc.constantFrom('2026', '0000', '9999', '26', '12026'),
        two,
        two,
        fc.constantFrom('', 'T', 't', ' '),
        two,
        two,
        fc.oneof(
          two,
          two.map((second) => `${second}.25`),
          fc.constant(''),
        ),
        fc.constantFrom('', 'Z', 'z', '+01', '+0100', '+01:00', '-23:59', '+24:00', '+00:60'),
      )
      .map(([year, month, day, separator, hour, minute, second, offset]) =>
        separator === '' ? `${year}-${month}-${day}` : `${year}-${month}-${day}${separator}${hour}:${minute}:${second}${offset}`,
      );
    const near = fc
      .tuple(
        fc.constantFrom('2026-12-31', '0000-01-01', '9999-12-31'),
        fc.constantFrom('T', 't', ' '),
        written.map((text) => text.slice(11)),
      )
      .map((parts) => parts.join(''));
    let taken = 0;
    fc.assert(
      fc.property(
        fc.oneof(
          written,
          near,
          fc
            .date({ min: new Date('0000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
            .map((date) => date.toISOString()),
        ),
        (date) => {
          if (validatePolicyFile({ version: 1, tiers: {}, artifacts: [], 'invalidate-before': date }).length > 0) return;
          taken++;
          expect(Number.isFinite(instantOf(date)), date).toBe(true);
        },
      ),
      { numRuns: 5000 },
    );
    expect(taken).toBeGreaterThan(500);
  });
});

test('what is no instant never becomes one, nor the lack of a bound', () => {
  expect(() => instantOf('2026-12-31T23:59:60Z')).toThrow(TypeError);
  expect(() => optionalInstant('until', 'soon')).toThrow(TypeError);
  expect(optionalInstant('until', undefined)).toEqual({});
});
