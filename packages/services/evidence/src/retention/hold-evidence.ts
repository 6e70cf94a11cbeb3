import { type Clock, inParallel, parseSha256, type Sha256, SignwrightError } from '@signwright/signing-core';
import { readEvidence } from '../get-evidence.ts';
import { AT_ONCE, allShards, evidenceKey, keptKey } from '../layout.ts';
import { systemClock } from '../system-clock.ts';
import { changeKept, HOLD_NAME, type Kept, readKept } from './kept-shard.ts';
import type { RetainingBlobs } from './retaining-blobs.ts';

/**
 * Sets a legal hold: until it is lifted, `pruneEvidence` removes none of these pieces, and neither does the store where it can lock.
 * Several holds may stand on one piece; evidence that is put later is not under them.
 *
 * @param name of the hold, such as a case number: `[a-z0-9._-]`, 64 characters at the most.
 * @throws SignwrightError `usage` for another name; `unreachable` where a piece is not there, or is just being removed.
 */
export async function holdEvidence(
  store: RetainingBlobs,
  name: string,
  ids: readonly Sha256[],
  clock: Clock = systemClock,
): Promise<void> {
  checkName(name);
  await inParallel(ids.map(parseSha256), AT_ONCE, async (id) => {
    await readEvidence(store.blobs, id);
    await changeKept(store.blobs, keptKey(id), [id], (kept) => {
      if (kept?.removing !== undefined) throw beingRemoved(id);
      if (kept?.holds.includes(name)) return kept;
      return { lastPut: clock.now().getTime(), id, ...kept, holds: [...(kept?.holds ?? []), name] };
    });
    await store.retaining?.hold(evidenceKey(id), true);
  });
}

/**
 * Lifts a legal hold, from these pieces or from all it stands on. Where it is stopped half-way, lifting it again completes it.
 *
 * @returns the pieces it stood on.
 */
export async function liftHold(store: RetainingBlobs, name: string, ids?: readonly Sha256[]): Promise<readonly Sha256[]> {
  checkName(name);
  const only = ids === undefined ? undefined : new Set(ids.map(parseSha256));
  const lifted = ((await listHolds(store)).get(name) ?? []).filter((id) => only === undefined || only.has(id));
  await inParallel(lifted, AT_ONCE, (id) => liftFrom(store, name, id));
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

/** The store's own hold goes first, and comes back where it turns out that another of ours is there: a stop leaves too much held. */
async function liftFrom({ blobs, retaining }: RetainingBlobs, name: string, id: Sha256): Promise<void> {
  const only = (kept: Kept | undefined): boolean => kept?.holds.length === 1 && kept.holds[0] === name;
  if (only((await readKept(blobs, keptKey(id))).get(id))) await retaining?.hold(evidenceKey(id), false);
  let others = false;
  await changeKept(blobs, keptKey(id), [id], (kept) => {
    const holds = kept?.holds.filter((hold) => hold !== name) ?? [];
    others = holds.length > 0;
    return kept?.holds.includes(name) ? { ...kept, holds } : kept;
  });
  if (others) await retaining?.hold(evidenceKey(id), true);
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
