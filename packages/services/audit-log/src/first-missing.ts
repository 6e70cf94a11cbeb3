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
