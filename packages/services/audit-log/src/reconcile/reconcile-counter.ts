import { SignwrightError } from '@signwright/signing-core';
import type { LogReader } from '../search/log-entry.ts';
import { type Explanation, explanationsOf } from './explanations.ts';

/** What a token's counter said, and when it was read. */
export type CounterReading = { readonly at: Date; readonly count: number };

export type CounterOptions = {
  readonly reader: LogReader;
  /** The key, as records name it: base64 of SHA-256 over its SubjectPublicKeyInfo. */
  readonly key: string;
  readonly first: CounterReading;
  readonly second: CounterReading;
  /** Uses in between that no record accounts for, but something else does. */
  readonly others?: number;
  /** How far the clocks of the readings and of the jobs may be apart; 60,000 unless told. */
  readonly toleranceMs?: number;
  /** From an intent to its result, or to its last use of the key where it has none; 3,600,000 unless told. */
  readonly longestRunMs?: number;
  readonly signal?: AbortSignal;
};

export type CounterReconciliation = {
  /** By the counter. */
  readonly uses: number;
  /** By the log: signatures that lie between the readings for sure, and all that may, with failures and orphans. */
  readonly signed: number;
  readonly atMost: number;
  /** So many uses more than the log can account for: signatures that nobody recorded. */
  readonly unrecorded: number;
  /** So many signatures recorded more than the key made. */
  readonly missing: number;
};

/**
 * Compares how often a key was used by its token's own counter (as some PKCS#11 tokens keep one) with the audit log. A count says
 * nothing of single uses.
 *
 * @throws SignwrightError `usage` where the readings make no sense: swapped, or of a counter that went back.
 */
export async function reconcileCounter(options: CounterOptions): Promise<CounterReconciliation> {
  const { reader, key, first, second, others = 0, toleranceMs = 60_000, longestRunMs = 3_600_000, signal } = options;
  const [from, until] = [first.at.getTime(), second.at.getTime()];
  if (!(from < until)) throw nonsense('the first reading is not before the second', 'give them in order of time');
  if (!isCount(first.count) || !isCount(second.count) || second.count < first.count) {
    throw nonsense(
      `a counter that went from ${first.count} to ${second.count}`,
      'read it again; a token that was reset begins anew',
    );
  }
  const windows = await explanationsOf(reader, key, { longestRunMs, ...(signal && { signal }) });
  const isWithin = (one: Explanation): boolean => one.from >= from + toleranceMs && one.until <= until - toleranceMs;
  const mayBeWithin = (one: Explanation): boolean => one.until >= from - toleranceMs && one.from <= until + toleranceMs;
  const signed = usesOf(windows.filter((one) => one.kind === 'signed' && isWithin(one)));
  const atMost = usesOf(windows.filter(mayBeWithin)) + others;
  const uses = second.count - first.count;
  return { uses, signed, atMost, unrecorded: Math.max(0, uses - atMost), missing: Math.max(0, signed - uses) };
}

function usesOf(windows: readonly Explanation[]): number {
  return windows.reduce((sum, { uses }) => sum + uses, 0);
}

function isCount(count: number): boolean {
  return Number.isSafeInteger(count) && count >= 0;
}

function nonsense(what: string, next: string): SignwrightError {
  return new SignwrightError('usage', what, { next });
}
