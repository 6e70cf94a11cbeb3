import { inParallel } from '@signwright/signing-core';

const LINEAR = 8;

/**
 * The first number from `from` on that is missing, where whatever is there was written without gaps: a few one by one, as mostly few
 * are there, then in doubling steps and back by halves.
 */
export async function firstMissing(from: number, has: (number: number) => Promise<boolean>): Promise<number> {
  let number = from;
  for (; number < from + LINEAR; number++) if (!(await has(number))) return number;
  let [present, missing] = [number - 1, number];
  for (let step = 1; ; step *= 2) {
    missing = present + step;
    if (!(await has(missing))) break;
    present = missing;
  }
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
