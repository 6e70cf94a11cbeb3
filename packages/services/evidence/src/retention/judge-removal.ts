import type { Kept } from './kept-shard.ts';
import { GRACE_MS, LEASE_MS } from './lease.ts';

/** What is to be removed, as times in milliseconds since 1970. */
export type Criteria = {
  /** Whose retention ended before this … */
  readonly before: number;
  /** … and what never had one and was last put before this. */
  readonly unretainedBefore: number | undefined;
};

/** Why a piece is kept. */
export type KeptBecause =
  /** Its retention has not ended, or not before the time that was asked for. */
  | 'retained'
  /** A legal hold is on it. */
  | 'held'
  /** It was put within the last day: somebody may be putting it this moment. */
  | 'recent'
  /** Nobody ever said how long it is to be kept. */
  | 'unretained'
  /** The same, and nobody knows how old it is: it was put before such things were recorded. */
  | 'unknown-age'
  /** Another run is removing it, or one that was killed less than ten minutes ago. */
  | 'busy'
  /** The store itself refuses. */
  | 'locked';

/** Whether a piece may go: why not, or `undefined`. What a killed run had begun to remove may go whatever is asked for. */
export function whyKept(kept: Kept | undefined, criteria: Criteria, now: number): KeptBecause | undefined {
  if (kept?.removing !== undefined) return now < kept.removing.since + LEASE_MS ? 'busy' : undefined;
  if (kept === undefined) return 'unknown-age';
  if (kept.holds.length > 0) return 'held';
  if (kept.until !== undefined && kept.until >= criteria.before) return 'retained';
  if (kept.until === undefined && kept.lastPut === undefined) return 'unknown-age';
  if (kept.until === undefined && !(kept.lastPut !== undefined && kept.lastPut < (criteria.unretainedBefore ?? 0)))
    return 'unretained';
  return kept.lastPut !== undefined && kept.lastPut + GRACE_MS > now ? 'recent' : undefined;
}
