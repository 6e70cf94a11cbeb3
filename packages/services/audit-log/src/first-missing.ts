import { inParallel } from '@signwright/signing-core';

/**
 * The first number from `from` on that is missing, where whatever is there was written without gaps. Looks where it is expected
 * first, and from there in doubling steps, and back by halves.
 *
 * @param expected how many numbers from `from` on are likely to be there.
 */
export async function firstMissing(from: number, has: (number: number) => Promise<boolean>, expected = 0): Promise<number> {
  let present = from - 1;
  let missing = from + expected;
  if (expected > 0) {
    const [before, at] = await Promise.all([has(missing - 1), has(missing)]);
    if (before && !at) return missing;
    if (at) present = missing++;
    else missing--;
  }
  if (missing > present + 1) return between(present, missing, has);
  for (let stride = 1; await has(missing); stride *= 2) {
    present = missing;
    missing = present + stride;
  }
  return between(present, missing, has);
}

async function between(present: number, missing: number, has: (number: number) => Promise<boolean>): Promise<number> {
  while (missing - present > 1) {
    const middle = Math.floor((present + missing) / 2);
    if (await has(middle)) present = middle;
    else missing = middle;
  }
  return missing;
}

/** How far behind a number that is missing later ones are looked for: the nearest, then in doubling steps. */
const LOOK_AHEAD = [...Array.from({ length: 8 }, (_, i) => i + 1), ...Array.from({ length: 17 }, (_, i) => 2 ** (i + 4))];
const LANES = 8;

/** Whether later numbers are there though this one is missing. */
export async function isLeftOut(number: number, has: (number: number) => Promise<boolean>): Promise<boolean> {
  return (await inParallel(LOOK_AHEAD, LANES, (step) => has(number + step))).includes(true);
}
