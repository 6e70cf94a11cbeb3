import { type Clock, inParallel, type Retaining, type Sha256, SignwrightError } from '@signwright/signing-core';
import { AT_ONCE, allShards, evidenceKey } from '../layout.ts';
import { systemClock } from '../system-clock.ts';
import { type Criteria, type KeptBecause, whyKept } from './judge-removal.ts';
import { readKept } from './kept-shard.ts';
import { removeBatch } from './remove-batch.ts';
import type { RetainingBlobs } from './retaining-blobs.ts';
import { surveyEvidence } from './survey-evidence.ts';

export type PruneOptions = {
  /** Removes evidence whose retention ended before this; now, unless told. Not later than now. */
  readonly before?: Date;
  /** Removes evidence, too, that nobody asked to retain and that was last put before this. */
  readonly unretainedBefore?: Date;
  /** Only tells what would be removed. */
  readonly dryRun?: boolean;
  readonly clock?: Clock;
  /** Told of each piece that is gone, or would be. */
  readonly onRemoved?: (id: Sha256) => void;
};

/** What {@link pruneEvidence} did, or would do. */
export type Pruned = {
  readonly removed: readonly Sha256[];
  /** How many pieces are kept, and why. */
  readonly kept: { readonly [why in KeptBecause]: number };
};

/** Pieces that are marked, unlisted and removed together: few enough for a run to be done long before its marks lapse. */
const BATCH = 1000;

/**
 * Removes the evidence that is to be kept no longer, from every subject it is listed under, and its bytes. Never what is retained, is
 * under a legal hold, was put within the last day, or of which nobody knows when it was put.
 *
 * A piece is marked first, in the same blob that says how long it is kept: from then on nobody extends it or sets a hold. Then it is
 * taken out of the index, then its bytes are removed. A run that is killed leaves nothing listed without its bytes; the next one, ten
 * minutes later, completes what it had marked.
 *
 * @throws SignwrightError `configuration` where the store cannot remove anything (a git branch keeps its history), `usage` for times
 * that have not come, `unreachable` where the store fails: what was removed by then is gone.
 */
export async function pruneEvidence(store: RetainingBlobs, options: PruneOptions = {}): Promise<Pruned> {
  const { retaining } = store;
  if (retaining === undefined) throw cannotRemove();
  const { clock = systemClock, dryRun = false, onRemoved = () => undefined } = options;
  const criteria = criteriaOf(options, clock.now().getTime());
  const kept = { retained: 0, held: 0, recent: 0, unretained: 0, 'unknown-age': 0, busy: 0, locked: 0 };
  const removed: Sha256[] = [];
  const going = await candidates(store, criteria, clock, (why) => kept[why]++);
  for (let at = 0; at < going.length; at += BATCH) {
    const batch = going.slice(at, at + BATCH);
    const open = await notLocked(retaining, batch);
    kept.locked += batch.length - open.length;
    const gone = dryRun ? open : await removeBatch({ ...store, retaining }, open, criteria, clock, (why) => kept[why]++);
    gone.forEach(onRemoved);
    removed.push(...gone);
  }
  return { removed, kept };
}

async function candidates(
  store: RetainingBlobs,
  criteria: Criteria,
  clock: Clock,
  count: (why: KeptBecause) => void,
): Promise<readonly Sha256[]> {
  const kept = await inParallel(allShards('kept'), AT_ONCE, (key) => readKept(store.blobs, key));
  const byId = new Map(kept.flatMap((shard) => [...shard]));
  const now = clock.now().getTime();
  return (await surveyEvidence(store)).flatMap(({ id }) => {
    const why = whyKept(byId.get(id), criteria, now);
    if (why !== undefined) count(why);
    return why === undefined ? [id] : [];
  });
}

/** Those the store would not refuse to remove, as far as it can tell. */
async function notLocked(retaining: Retaining, ids: readonly Sha256[]): Promise<readonly Sha256[]> {
  const locked = await inParallel(ids, AT_ONCE, async (id) => (await retaining.held?.(evidenceKey(id))) ?? false);
  return ids.filter((_, index) => locked[index] === false);
}

function criteriaOf({ before, unretainedBefore }: PruneOptions, now: number): Criteria {
  for (const [name, time] of Object.entries({ before, unretainedBefore })) {
    if (time === undefined || time.getTime() <= now) continue;
    throw new SignwrightError('usage', `evidence is removed by what has ended already: ${name} is no time, or has not come yet`, {
      next: 'name a time in the past',
    });
  }
  return { before: before?.getTime() ?? now, unretainedBefore: unretainedBefore?.getTime() };
}

function cannotRemove(): SignwrightError {
  return new SignwrightError('configuration', 'this store cannot remove evidence: what was written there stays in its history', {
    next: 'keep evidence that is to be removed one day in a directory or a bucket (s3://bucket/prefix)',
  });
}
