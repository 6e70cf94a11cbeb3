import { messageOf, SignwrightError } from '@signwright/signing-core';

/** What a fetch came to. */
export type Fetched<T> = { readonly value: T } | { readonly why: string };

/** How long a place is not asked again after it failed, or had nothing newer, in milliseconds. */
const PAUSE = 60_000;

/**
 * Fetches by key: one fetch for all who wait for it, and none again for a minute, whatever it came to.
 *
 * @param elapsed milliseconds by a clock that nobody sets.
 */
export function singleFlight<T>(elapsed: () => number): (key: string, fetch: () => Promise<T>) => Promise<Fetched<T>> {
  const flights = new Map<string, { readonly result: Promise<Fetched<T>>; readonly from: number }>();
  return (key, fetch) => {
    const before = flights.get(key);
    if (before !== undefined && elapsed() - before.from < PAUSE) return before.result;
    const flight = { result: settled(fetch), from: elapsed() };
    flights.set(key, flight);
    return flight.result;
  };
}

async function settled<T>(fetch: () => Promise<T>): Promise<Fetched<T>> {
  try {
    return { value: await fetch() };
  } catch (error) {
    if (!(error instanceof SignwrightError) || error.code === 'cancelled') throw error;
    return { why: messageOf(error) };
  }
}
