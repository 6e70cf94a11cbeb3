import { SignwrightError } from '@signwright/signing-core';
import type { LogReader } from '../search/log-entry.ts';
import { type Explanation, explanationsOf } from './explanations.ts';
import type { KeyUse } from './key-use.ts';
import { type Cluster, clustersOf, mostAccounted } from './match-uses.ts';

export type ReconcileOptions = {
  readonly reader: LogReader;
  /** The key's own log, in any order; see `readKeyLog`. An event that comes twice counts once. */
  readonly keyLog: AsyncIterable<KeyUse>;
  /** The key, as records name it: base64 of SHA-256 over its SubjectPublicKeyInfo. */
  readonly key: string;
  /** What is judged: from here on, and before there. The key's log should reach a run further on both sides. */
  readonly from: Date;
  readonly until: Date;
  /** Uses that neither intent nor result accounts for, but something else does: segments that the key sealed, tests of it. */
  readonly others?: readonly { readonly from: Date; readonly until: Date; readonly uses: number }[];
  /** How far the clocks of the key's log and of the jobs may be apart; 60,000 unless told. */
  readonly toleranceMs?: number;
  /** From an intent to its result, or to its last use of the key where it has none; 3,600,000 unless told. */
  readonly longestRunMs?: number;
  readonly signal?: AbortSignal;
};

/**
 * Something that does not fit. Key logs do not say what was signed, so uses and records are held against each other by time alone:
 * where several lie within the same window it is certain *how many* do not fit, but not which.
 */
export type ReconcileFinding = {
  /** `use-without-record`: the key signed, and nobody recorded it. `record-without-use`: a result says that it signed, its log does not. */
  readonly kind: 'use-without-record' | 'record-without-use';
  readonly count: number;
  /** Whether it is each of these uses, or records; otherwise it is so many of them. */
  readonly certain: boolean;
  /** Of the uses and records that lie in the same window, up to 100. */
  readonly uses: readonly KeyUse[];
  readonly records: readonly number[];
};

export type Reconciliation = {
  /** Of the key's log, from `from` until `until`: signatures made, calls that failed, events that came twice. */
  readonly uses: { readonly done: number; readonly failed: number; readonly repeated: number };
  /** Signatures that the log accounts for, by what accounts for them; those recorded from `from` until `until`. */
  readonly records: { readonly [kind in Explanation['kind']]: number };
  /** Uses that only a failure, an intent without a result or a result without an intent can account for: signatures may exist that no result names. */
  readonly doubtful: number;
  readonly findings: readonly ReconcileFinding[];
  /** Findings that were too many to be listed. */
  readonly omitted: number;
};

/** Uses and records of one key that are held against each other, at the most. */
const MOST = 1_000_000;
const LISTED = 100;
const MOST_FINDINGS = 1_000;

/**
 * Compares a key's own log with the audit log: what the key signed and nobody recorded, and what was recorded and the key's log does
 * not know. Each record of a signature must account for its use; failures and intents without a result may.
 *
 * Nothing is guessed: of all ways to match them the one that leaves the fewest uses unaccounted for is counted, so a finding is
 * never a matter of luck, though an unrecorded use within the window of an orphan is only `doubtful`.
 *
 * @throws SignwrightError `usage` for times that make no sense, or for too much at once; what reading throws.
 */
export async function reconcile(options: ReconcileOptions): Promise<Reconciliation> {
  const { reader, key, signal, toleranceMs = 60_000, longestRunMs = 3_600_000 } = options;
  const range = { from: options.from.getTime(), until: options.until.getTime() };
  if (!(range.from < range.until)) throw tooMuch('an end that is not after the beginning', 'say from when until when');
  const reach = longestRunMs + toleranceMs;
  const near = { from: range.from - reach, until: range.until + reach };
  const { done, counts } = await collectUses(options.keyLog, range, near);
  const recorded = await explanationsOf(reader, key, { longestRunMs, ...(signal && { signal }) });
  const others = (options.others ?? []).map(({ from, until, uses }): Explanation => {
    return { kind: 'other', from: from.getTime(), until: until.getTime(), uses, at: from.getTime() };
  });
  const windows = [...recorded, ...others]
    .filter(({ from, until }) => from - toleranceMs < near.until && until + toleranceMs >= near.from)
    .map((one) => ({ ...one, from: one.from - toleranceMs, until: one.until + toleranceMs }));
  if (windows.length > MOST) throw tooMuch(`more than ${MOST} records of the key`, 'compare a shorter time');
  const judged = clustersOf(done, windows).map((cluster) => judge(cluster, range, toleranceMs));
  const findings = judged.flatMap((one) => one.findings);
  return {
    uses: counts,
    records: countRecords(windows, range),
    doubtful: judged.reduce((sum, one) => sum + one.doubtful, 0),
    findings: findings.slice(0, MOST_FINDINGS),
    omitted: Math.max(0, findings.length - MOST_FINDINGS),
  };
}

type Range = { readonly from: number; readonly until: number };

async function collectUses(
  keyLog: AsyncIterable<KeyUse>,
  range: Range,
  near: Range,
): Promise<{ done: KeyUse[]; counts: Reconciliation['uses'] }> {
  const done: KeyUse[] = [];
  const seen = new Set<string>();
  const counts = { done: 0, failed: 0, repeated: 0 };
  for await (const use of keyLog) {
    if (!isIn(near, use.at)) continue;
    const within = isIn(range, use.at) ? 1 : 0;
    if (seen.has(use.id)) {
      counts.repeated += within;
      continue;
    }
    seen.add(use.id);
    if (seen.size > MOST) throw tooMuch(`more than ${MOST} uses of the key`, 'compare a shorter time');
    counts[use.outcome] += within;
    if (use.outcome === 'done') done.push(use);
  }
  return { done, counts };
}

/** What is out of range is there to account for what is in it, and is no finding itself. */
function judge(
  cluster: Cluster<KeyUse, Explanation>,
  range: Range,
  toleranceMs: number,
): { findings: ReconcileFinding[]; doubtful: number } {
  const { points, windows } = cluster;
  const inRange = points.filter(({ at }) => isIn(range, at));
  // Between intent and result: windows are wider by the tolerance, and a run within it of either end was in the range all the same.
  const recordsInRange = windows.filter(
    ({ kind, from, until }) => kind === 'signed' && from + toleranceMs >= range.from && until - toleranceMs <= range.until,
  );
  const listed = {
    uses: inRange.slice(0, LISTED),
    records: windows.flatMap(({ index }) => (index === undefined ? [] : [index])).slice(0, LISTED),
  };
  const findings: ReconcileFinding[] = [];
  const accounted = mostAccounted(points, windows);
  const extra = Math.min(points.length - accounted, inRange.length);
  if (extra > 0) findings.push({ kind: 'use-without-record', count: extra, certain: extra === points.length, ...listed });
  const signed = usesOf(recordsInRange);
  const missing = signed - mostAccounted(points, recordsInRange);
  if (missing > 0) findings.push({ kind: 'record-without-use', count: missing, certain: missing === signed, ...listed });
  const settled = windows.filter(({ kind }) => kind === 'signed' || kind === 'other');
  return { findings, doubtful: inRange.length === 0 ? 0 : accounted - mostAccounted(points, settled) };
}

function usesOf(windows: readonly Explanation[]): number {
  return windows.reduce((sum, { uses }) => sum + uses, 0);
}

function countRecords(windows: readonly Explanation[], range: Range): Reconciliation['records'] {
  const counts = { signed: 0, failed: 0, orphan: 0, unmatched: 0, other: 0 };
  for (const { kind, at, uses } of windows) if (isIn(range, at)) counts[kind] += uses;
  return counts;
}

function isIn({ from, until }: Range, at: number): boolean {
  return at >= from && at < until;
}

function tooMuch(what: string, next: string): SignwrightError {
  return new SignwrightError('usage', what, { next });
}
