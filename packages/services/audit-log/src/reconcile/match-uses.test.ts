import fc from 'fast-check';
import { expect, test } from 'vitest';
import { clustersOf, mostAccounted, type Point, type Window } from './match-uses.ts';

const points = fc.array(
  fc.nat(20).map((at): Point => ({ at })),
  { maxLength: 7 },
);
const windows = fc.array(
  fc.tuple(fc.nat(20), fc.nat(6), fc.nat(2)).map(([from, length, uses]): Window => ({ from, until: from + length, uses })),
  { maxLength: 5 },
);

/** Every way there is. */
function byTrying(uses: readonly Point[], open: readonly Window[]): number {
  const [first, ...rest] = uses;
  if (first === undefined) return 0;
  const without = byTrying(rest, open);
  const within = open.flatMap((window, at) => {
    if (window.uses === 0 || first.at < window.from || first.at > window.until) return [];
    return 1 + byTrying(rest, open.with(at, { ...window, uses: window.uses - 1 }));
  });
  return Math.max(without, ...within);
}

test('as many uses are accounted for as any way of matching them can', () => {
  fc.assert(
    fc.property(points, windows, (uses, open) => {
      expect(mostAccounted(uses, open)).toBe(byTrying(uses, open));
    }),
    { numRuns: 500 },
  );
});

test('clusters have everything once, and nothing in one can account for anything in another', () => {
  fc.assert(
    fc.property(points, windows, (uses, open) => {
      const clusters = clustersOf(uses, open);
      expect(clusters.flatMap((one) => one.points).toSorted((a, b) => a.at - b.at)).toEqual(uses.toSorted((a, b) => a.at - b.at));
      expect(clusters.flatMap((one) => one.windows)).toHaveLength(open.length);
      for (const [index, { points: these }] of clusters.entries()) {
        const others = clusters.filter((_, other) => other !== index).flatMap((one) => one.windows);
        for (const { at } of these) expect(others.some(({ from, until }) => at >= from && at <= until)).toBe(false);
      }
      const sum = clusters.reduce((all, one) => all + mostAccounted(one.points, one.windows), 0);
      expect(sum).toBe(mostAccounted(uses, open));
    }),
  );
});

test('a hundred thousand of each take no time', () => {
  const many = Array.from({ length: 100_000 }, (_, at) => ({ at: at * 10 }));
  const open = many.map(({ at }) => ({ from: at - 50_000, until: at + 50_000, uses: 1 }));
  const started = performance.now();
  expect(mostAccounted(many, open)).toBe(100_000);
  expect(performance.now() - started).toBeLessThan(3000);
});
