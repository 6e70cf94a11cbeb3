import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seatPeople } from './seats.ts';

const sets = (able: readonly (readonly string[])[]): ReadonlySet<string>[] => able.map((one) => new Set(one));

test('whoever fits one seat alone gets it, though somebody asked before', () => {
  expect(seatPeople(sets([['ann', 'bob'], ['ann']]), ['ann', 'bob'])).toEqual(['bob', 'ann']);
  expect(seatPeople(sets([['a', 'b'], ['b', 'c'], ['a']]), ['a', 'b', 'c'])).toEqual(['b', 'c', 'a']);
});

test('of those that would do, the first is taken', () => {
  expect(seatPeople(sets([['a', 'b', 'c']]), ['c', 'a', 'b'])).toEqual(['c']);
});

test('nobody sits twice, and nobody sits where they may not', () => {
  expect(seatPeople(sets([['ann'], ['ann'], []]), ['ann'])).toEqual(['ann', undefined, undefined]);
  expect(seatPeople([], ['ann'])).toEqual([]);
});

/** The most seats that can be filled, by trying all ways. */
function most(able: readonly ReadonlySet<string>[], at = 0, used: readonly string[] = []): number {
  const who = able[at];
  if (who === undefined) return 0;
  const taken = [...who].filter((one) => !used.includes(one)).map((one) => 1 + most(able, at + 1, [...used, one]));
  return Math.max(most(able, at + 1, used), ...taken);
}

test('as many seats are filled as can be, whatever the order of people, and the preferred are never left out for others', () => {
  const people = ['a', 'b', 'c', 'd', 'e'];
  const able = fc.array(fc.subarray(people), { maxLength: 5 }).map(sets);
  fc.assert(
    fc.property(able, fc.shuffledSubarray(people, { minLength: 5 }), (seats, order) => {
      const seated = seatPeople(seats, order);
      const who = seated.filter((one) => one !== undefined);
      expect(new Set(who).size).toBe(who.length);
      for (const [at, one] of seated.entries()) expect(one === undefined || seats[at]?.has(one)).toBe(true);
      expect(who.length).toBe(most(seats));
      // Those before each who is left out fill as many seats without them as with them.
      for (const [index, one] of order.entries()) {
        if (who.includes(one)) continue;
        const upTo = (end: number) => seats.map((set) => new Set([...set].filter((each) => order.slice(0, end).includes(each))));
        expect(most(upTo(index + 1))).toBe(most(upTo(index)));
      }
    }),
    { numRuns: 300 },
  );
});
