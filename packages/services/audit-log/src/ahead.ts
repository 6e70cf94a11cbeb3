/**
 * Does some work on each number of a range, some at a time, and gives the results in order: reading ahead with bounded memory.
 *
 * @param from the first number, and `to` the one behind the last.
 */
export async function* ahead<T>(
  from: number,
  to: number,
  lanes: number,
  work: (number: number) => Promise<T>,
): AsyncGenerator<T> {
  const running: Promise<T>[] = [];
  let next = from;
  while (next < to || running.length > 0) {
    while (next < to && running.length < lanes) {
      const one = work(next++);
      // Its failure is thrown when it is its turn, or not at all if nobody reads so far.
      one.catch(() => undefined);
      running.push(one);
    }
    yield await (running.shift() as Promise<T>);
  }
}
