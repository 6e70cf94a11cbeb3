/** The newest segments of a log: from which on, where the first one's records begin, and how many each has (0: refused). */
export type Tail = { readonly segment: number; readonly index: number; readonly counts: readonly number[] };

/** Where a segment's records are in the log. */
export type Sequenced = { readonly segment: number; readonly index: number; readonly count: number };

/** The segments of a tail, each with its place. */
export function* sequencedIn(tail: Tail): Generator<Sequenced> {
  let { segment, index } = tail;
  for (const count of tail.counts) {
    yield { segment, index, count };
    segment++;
    index += count;
  }
}

/** How many records the tail's segments have. */
export function recordsOf(tail: Tail): number {
  return tail.counts.reduce((sum, count) => sum + count, 0);
}

/** The tail without the segments before `segment` whose records are all before `index`. */
export function trimTail(tail: Tail, segment: number, index: number): Tail {
  let dropped = 0;
  let first = tail.index;
  for (const one of sequencedIn(tail)) {
    if (one.segment >= segment || one.index + one.count > index) break;
    dropped++;
    first = one.index + one.count;
  }
  return { segment: tail.segment + dropped, index: first, counts: tail.counts.slice(dropped) };
}
