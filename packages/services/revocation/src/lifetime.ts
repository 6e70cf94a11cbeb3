/** From when until when an answer counts, milliseconds since 1970 UTC. */
export type Lifetime = { readonly thisUpdate: number; readonly nextUpdate: number };

/** When an answer counts no more: at its nextUpdate, and as the policy says how old it may be. */
export function endOf({ thisUpdate, nextUpdate }: Lifetime, maxAge: number | undefined): number {
  return maxAge === undefined ? nextUpdate : Math.min(nextUpdate, thisUpdate + maxAge * 1000);
}

/** How far the clocks of two machines may be apart, in milliseconds. */
const SKEW = 5 * 60_000;

/** Whether it is of the future: somebody's clock is wrong, or was when it was made. */
export function isOfFuture({ thisUpdate }: Lifetime, at: number): boolean {
  return thisUpdate > at + SKEW;
}

/**
 * Whether two thirds of its life are over: then a newer one is asked for, before there is none that counts. One of the future does not
 * count either.
 */
export function isDue(life: Lifetime, maxAge: number | undefined, at: number): boolean {
  return isOfFuture(life, at) || at >= life.thisUpdate + ((endOf(life, maxAge) - life.thisUpdate) * 2) / 3;
}

/**
 * The instant to judge by: what the clock says, and never less than has passed since the source was made, for a clock that was set back
 * must not make a stale answer count.
 *
 * @param elapsed milliseconds by a clock that nobody sets.
 */
export function steadyClock(elapsed: () => number): (at: number) => number {
  let first: { readonly at: number; readonly elapsed: number } | undefined;
  return (at) => {
    const now = elapsed();
    first ??= { at, elapsed: now };
    return Math.max(at, first.at + (now - first.elapsed));
  };
}
