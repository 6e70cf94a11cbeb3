/** A time at which a key was used. */
export type Point = { readonly at: number };
/** A window within which so many uses are accounted for. */
export type Window = { readonly from: number; readonly until: number; readonly uses: number };

/**
 * How many uses can be accounted for at the most, each window for as many as it says. Uses are taken in order of time, each by the
 * window that closes first of those open, which leaves as many as possible for the others.
 */
export function mostAccounted(points: readonly Point[], windows: readonly Window[]): number {
  const byStart = [...windows].sort((a, b) => a.from - b.from);
  const open = createHeap<{ until: number; left: number }>((a, b) => a.until - b.until);
  let next = 0;
  let accounted = 0;
  for (const { at } of [...points].sort((a, b) => a.at - b.at)) {
    for (; (byStart[next]?.from ?? Number.POSITIVE_INFINITY) <= at; next++) {
      const { until, uses } = byStart[next] as Window;
      if (uses > 0) open.add({ until, left: uses });
    }
    while ((open.first()?.until ?? Number.POSITIVE_INFINITY) < at) open.removeFirst();
    const window = open.first();
    if (window === undefined) continue;
    accounted++;
    if (--window.left === 0) open.removeFirst();
  }
  return accounted;
}

/** Uses and windows that have to do with one another, directly or through others. */
export type Cluster<P extends Point, W extends Window> = { readonly points: readonly P[]; readonly windows: readonly W[] };

/** Takes uses and windows apart, so that nothing in one cluster can account for anything in another. */
export function clustersOf<P extends Point, W extends Window>(points: readonly P[], windows: readonly W[]): Cluster<P, W>[] {
  const byTime = [...points].sort((a, b) => a.at - b.at);
  const byStart = [...windows].sort((a, b) => a.from - b.from);
  const clusters: { points: P[]; windows: W[] }[] = [];
  let next = 0;
  for (let w = 0; w < byStart.length; ) {
    const first = byStart[w] as W;
    const cluster = { points: [] as P[], windows: [] as W[] };
    let end = first.until;
    for (; w < byStart.length && (byStart[w] as W).from <= end; w++) {
      cluster.windows.push(byStart[w] as W);
      end = Math.max(end, (byStart[w] as W).until);
    }
    for (; next < byTime.length && (byTime[next] as P).at < first.from; next++)
      clusters.push({ points: [byTime[next] as P], windows: [] });
    for (; next < byTime.length && (byTime[next] as P).at <= end; next++) cluster.points.push(byTime[next] as P);
    clusters.push(cluster);
  }
  for (; next < byTime.length; next++) clusters.push({ points: [byTime[next] as P], windows: [] });
  return clusters;
}

/** A binary heap. */
function createHeap<T>(compare: (a: T, b: T) => number): { add(one: T): void; first(): T | undefined; removeFirst(): void } {
  const items: T[] = [];
  const swap = (a: number, b: number): void => {
    const one = items[a] as T;
    items[a] = items[b] as T;
    items[b] = one;
  };
  const isLess = (a: number, b: number): boolean => compare(items[a] as T, items[b] as T) < 0;
  return {
    first: () => items[0],
    add(one) {
      items.push(one);
      for (let at = items.length - 1; at > 0; ) {
        const parent = (at - 1) >> 1;
        if (!isLess(at, parent)) return;
        swap(at, parent);
        at = parent;
      }
    },
    removeFirst() {
      const last = items.pop() as T;
      if (items.length === 0) return;
      items[0] = last;
      for (let at = 0; ; ) {
        const [left, right] = [2 * at + 1, 2 * at + 2];
        let least = at;
        if (left < items.length && isLess(left, least)) least = left;
        if (right < items.length && isLess(right, least)) least = right;
        if (least === at) return;
        swap(at, least);
        at = least;
      }
    },
  };
}
