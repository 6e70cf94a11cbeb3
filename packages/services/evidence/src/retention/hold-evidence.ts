import {
  type BlobStore,
  type Clock,
  inParallel,
  parseSha256,
  type RetentionEnforcement,
  type Sha256,
  SignwrightError,
} from '@signwright/signing-core';
import { readEvidence } from '../get-evidence.ts';
import { groupBy } from '../group-by.ts';
import { AT_ONCE, allShards, evidenceKey, keptKey } from '../layout.ts';
import { systemClock } from '../system-clock.ts';
import { changeKept, HOLD_NAME, type Kept, readKept } from './kept-shard.ts';
import { type RetainingBlobs, retentionEnforcement } from './retaining-blobs.ts';

const PIECES_AT_ONCE = 4;

/**
 * Sets a legal hold: until it is lifted, `pruneEvidence` removes none of these pieces, and neither does the store where it can lock.
 * Several holds may stand on one piece; evidence that is put later is not under them.
 *
 * @param name of the hold, such as a case number: `[a-z0-9._-]`, 64 characters at the most.
 * @returns whether the store itself holds them too, for people to be told: else this program alone heeds the hold.
 * @throws SignwrightError `usage` for another name; `unreachable` where a piece is not there, or is just being removed.
 */
export async function holdEvidence(
  store: RetainingBlobs,
  name: string,
  ids: readonly Sha256[],
  clock: Clock = systemClock,
): Promise<RetentionEnforcement> {
  checkName(name);
  const held = [...new Set(ids.map(parseSha256))];
  await inParallel(held, PIECES_AT_ONCE, (id) => readEvidence(store.blobs, id));
  await changeEach(store, held, (kept, id) => {
    if (kept?.removing !== undefined) throw beingRemoved(id);
    if (kept?.holds.includes(name)) return kept;
    return { lastPut: clock.now().getTime(), id, ...kept, holds: [...(kept?.holds ?? []), name] };
  });
  try {
    await inParallel(held, AT_ONCE, async (id) => store.retaining?.hold(evidenceKey(id), true));
  } catch (error) {
    if (!(error instanceof SignwrightError) || error.code !== 'configuration') throw error;
    return { enforced: false, why: error.message };
  }
  return retentionEnforcement(store);
}

/**
 * Lifts a legal hold, from these pieces or from all it stands on. Where it is stopped half-way, lifting it again completes it.
 *
 * The store's own hold goes first, and comes back where it turns out that another of ours is there: a stop leaves too much held.
 *
 * @returns the pieces it stood on.
 */
export async function liftHold(store: RetainingBlobs, name: string, ids?: readonly Sha256[]): Promise<readonly Sha256[]> {
  checkName(name);
  const only = ids === undefined ? undefined : new Set(ids.map(parseSha256));
  const holds = await listHolds(store);
  const lifted = (holds.get(name) ?? []).filter((id) => only === undefined || only.has(id));
  const underOthers = new Set([...holds].flatMap(([other, under]) => (other === name ? [] : under)));
  const free = lifted.filter((id) => !underOthers.has(id));
  await inParallel(free, AT_ONCE, async (id) => store.retaining?.hold(evidenceKey(id), false));
  const still = new Set<Sha256>();
  await changeEach(store, lifted, (kept, id) => {
    const others = kept?.holds.filter((hold) => hold !== name) ?? [];
    if (others.length > 0) still.add(id);
    return kept?.holds.includes(name) ? { ...kept, holds: others } : kept;
  });
  await inParallel([...still], AT_ONCE, async (id) => store.retaining?.hold(evidenceKey(id), true));
  return lifted;
}

/** The legal holds by name, each with the pieces it stands on. */
export async function listHolds({ blobs }: RetainingBlobs): Promise<ReadonlyMap<string, readonly Sha256[]>> {
  const holds = new Map<string, Sha256[]>();
  const shards = await inParallel(allShards('kept'), AT_ONCE, (key) => readKept(blobs, key));
  for (const kept of shards.flatMap((shard) => [...shard.values()])) {
    for (const name of kept.holds) {
      const under = holds.get(name);
      if (under === undefined) holds.set(name, [kept.id]);
      else under.push(kept.id);
    }
  }
  return holds;
}

/** Changes what is said of each piece, in one transaction where the store has them. */
async function changeEach(
  { blobs, transactions }: RetainingBlobs,
  ids: readonly Sha256[],
  change: (kept: Kept | undefined, id: Sha256) => Kept | undefined,
): Promise<void> {
  const work = async (view: BlobStore): Promise<void> => {
    await inParallel([...groupBy(ids, keptKey)], AT_ONCE, ([key, within]) => changeKept(view, key, within, change));
  };
  await (transactions === undefined ? work(blobs) : transactions.transact(work));
}

function checkName(name: string): void {
  if (HOLD_NAME.test(name)) return;
  throw new SignwrightError('usage', `${JSON.stringify(name.slice(0, 100))} is no name of a legal hold`, {
    next: 'use [a-z0-9._-], 64 characters at the most, such as case-2026-17',
  });
}

function beingRemoved(id: Sha256): SignwrightError {
  return new SignwrightError('unreachable', `the evidence ${id} is being removed: no hold can be set on it`, {
    next: 'put it again, where you have it, and set the hold then',
  });
}
