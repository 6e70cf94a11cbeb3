import { randomBytes } from 'node:crypto';
import { type BlobStore, type Clock, inParallel, type Retaining, type Sha256, SignwrightError } from '@signwright/signing-core';
import { groupBy } from '../group-by.ts';
import { addToIndex, type Listing, takeFromIndex } from '../index-shard.ts';
import { AT_ONCE, allShards, evidenceKey, indexKey, keptKey } from '../layout.ts';
import { type Criteria, type KeptBecause, whyKept } from './judge-removal.ts';
import { changeKept, type Kept } from './kept-shard.ts';
import { LEASE_MS } from './lease.ts';

type Removable = { readonly blobs: BlobStore; readonly retaining: Retaining };

/**
 * Removes these pieces, as far as they still may go: marks them, takes them out of the index, removes their bytes, forgets them.
 *
 * @param count is told of each that is kept after all.
 * @returns those that are gone.
 */
export async function removeBatch(
  store: Removable,
  ids: readonly Sha256[],
  criteria: Criteria,
  clock: Clock,
  count: (why: KeptBecause) => void,
): Promise<readonly Sha256[]> {
  const run = randomBytes(8).toString('hex');
  const since = clock.now().getTime();
  const stillOurs = (): void => {
    if (clock.now().getTime() > since + LEASE_MS / 2) throw tooSlow();
  };
  const marked = await mark(store.blobs, ids, (kept) => whyKept(kept, criteria, since), { since, run }, count);
  const taken = await takeOut(store.blobs, marked, stillOurs);
  const locked = await removeBytes(store.retaining, marked, stillOurs);
  if (locked.size > 0) await putBack(store.blobs, taken, locked, run);
  for (const _ of locked) count('locked');
  const gone = [...marked].filter((id) => !locked.has(id));
  await forEachShard(gone, (key, within) =>
    changeKept(store.blobs, key, within, (kept) => (kept?.removing?.run === run ? undefined : kept)),
  );
  return gone;
}

async function mark(
  blobs: BlobStore,
  ids: readonly Sha256[],
  why: (kept: Kept | undefined) => KeptBecause | undefined,
  removing: NonNullable<Kept['removing']>,
  count: (why: KeptBecause) => void,
): Promise<ReadonlySet<Sha256>> {
  const reasons = new Map<Sha256, KeptBecause | undefined>();
  await forEachShard(ids, (key, within) =>
    changeKept(blobs, key, within, (kept, id) => {
      reasons.set(id, why(kept));
      return kept === undefined || reasons.get(id) !== undefined ? kept : { ...kept, removing };
    }),
  );
  for (const reason of reasons.values()) if (reason !== undefined) count(reason);
  return new Set(ids.filter((id) => reasons.get(id) === undefined));
}

async function takeOut(blobs: BlobStore, ids: ReadonlySet<Sha256>, stillOurs: () => void): Promise<readonly Listing[]> {
  if (ids.size === 0) return [];
  const taken = await inParallel(allShards('index'), AT_ONCE, (key) => takeFromIndex(blobs, key, ids, stillOurs));
  return taken.flat();
}

async function removeBytes(retaining: Retaining, ids: ReadonlySet<Sha256>, stillOurs: () => void): Promise<ReadonlySet<Sha256>> {
  const locked = new Set<Sha256>();
  await inParallel([...ids], AT_ONCE, async (id) => {
    stillOurs();
    if ((await retaining.remove(evidenceKey(id))) === 'held') locked.add(id);
  });
  return locked;
}

/** What the store refuses to remove is listed again as it was. */
async function putBack(blobs: BlobStore, taken: readonly Listing[], locked: ReadonlySet<Sha256>, run: string): Promise<void> {
  const again = taken.filter(({ id }) => locked.has(id));
  await inParallel([...groupBy(again, ({ subject }) => indexKey(subject))], AT_ONCE, ([key, within]) =>
    addToIndex(blobs, key, within),
  );
  await forEachShard([...locked], (key, within) =>
    changeKept(blobs, key, within, (kept) => (kept?.removing?.run === run ? unmarked(kept) : kept)),
  );
}

function unmarked({ removing: _, ...kept }: Kept): Kept {
  return kept;
}

async function forEachShard(
  ids: readonly Sha256[],
  work: (key: string, within: readonly Sha256[]) => Promise<void>,
): Promise<void> {
  await inParallel([...groupBy(ids, keptKey)], AT_ONCE, ([key, within]) => work(key, within));
}

function tooSlow(): SignwrightError {
  return new SignwrightError('unreachable', 'removing evidence took too long: others may have taken it over', {
    next: 'run it again in ten minutes: it completes what was begun',
  });
}
