import { setTimeout as wait } from 'node:timers/promises';
import {
  type BlobStore,
  type Clock,
  type EvidenceItem,
  inParallel,
  parseSha256,
  type Sha256,
  SignwrightError,
  sha256,
} from '@signwright/signing-core';
import { MAX_EVIDENCE, readEvidence, unusable } from './get-evidence.ts';
import { groupBy } from './group-by.ts';
import { addToIndex, type Listing } from './index-shard.ts';
import { AT_ONCE, evidenceKey, indexKey, keptKey } from './layout.ts';
import { changeKept, type Kept } from './retention/kept-shard.ts';
import { FRESH_MS, LEASE_MS } from './retention/lease.ts';

const PIECES_AT_ONCE = 4;
const LONGEST_WAIT_MS = 30_000;
const LAST_TIME = Date.parse('9999-12-31T23:59:59Z');

type Piece = { readonly id: Sha256; readonly bytes: Uint8Array; readonly subjects: Set<Sha256>; until: number | undefined };

/**
 * Puts pieces of evidence: how long each is kept, then its bytes, then where it is listed. So what is listed is there, and a run
 * that removes what nobody keeps cannot come between.
 */
export async function putEvidence(blobs: BlobStore, items: readonly EvidenceItem[], clock: Clock): Promise<readonly Sha256[]> {
  const ids = items.map(({ evidence }) => sha256(checkSize(evidence)));
  const pieces = merge(items, ids);
  const kept = await keep(blobs, pieces, clock);
  await inParallel(pieces, PIECES_AT_ONCE, ({ id, bytes }) => writeBytes(blobs, id, bytes, kept.get(id)));
  const listings = pieces.flatMap(({ id, subjects }) => Array.from(subjects, (subject): Listing => ({ subject, id })));
  const shards = groupBy(listings, ({ subject }) => indexKey(subject));
  await inParallel([...shards], AT_ONCE, ([key, within]) => addToIndex(blobs, key, within));
  return ids;
}

function merge(items: readonly EvidenceItem[], ids: readonly Sha256[]): readonly Piece[] {
  const pieces = new Map<Sha256, Piece>();
  for (const [index, { evidence, subjects, retainUntil }] of items.entries()) {
    const id = ids[index] as Sha256;
    const piece = pieces.get(id) ?? { id, bytes: evidence, subjects: new Set(), until: undefined };
    for (const subject of subjects) piece.subjects.add(parseSha256(subject));
    piece.until = latest(piece.until, checkTime(retainUntil));
    pieces.set(id, piece);
  }
  return [...pieces.values()];
}

/** Writes down how long the pieces are kept, so that they are not removed from now on. @returns until when each is. */
async function keep(blobs: BlobStore, pieces: readonly Piece[], clock: Clock): Promise<ReadonlyMap<Sha256, number | undefined>> {
  const kept = new Map<Sha256, number | undefined>();
  const shards = groupBy(pieces, ({ id }) => keptKey(id));
  await inParallel([...shards], AT_ONCE, async ([key, within]) => {
    const asked = new Map(within.map(({ id, until }) => [id, until]));
    for (let waited = 0; ; waited += 500) {
      let busy: Sha256 | undefined;
      await changeKept(blobs, key, [...asked.keys()], (before, id) => {
        const now = clock.now().getTime();
        if (before?.removing !== undefined && now < before.removing.since + LEASE_MS) {
          busy = id;
          return before;
        }
        const after = keptLonger(before, id, asked.get(id), now);
        kept.set(id, after.until);
        return after;
      });
      if (busy === undefined) return;
      if (waited >= LONGEST_WAIT_MS) throw unusable(evidenceKey(busy), 'is just being removed', 'run again in ten minutes');
      await wait(500);
    }
  });
  return kept;
}

/** What is kept, and as long as was asked; what a run that was killed was about to remove, too. */
function keptLonger(before: Kept | undefined, id: Sha256, asked: number | undefined, now: number): Kept {
  const until = latest(before?.until, asked);
  const fresh = before?.lastPut !== undefined && before.lastPut > now - FRESH_MS;
  if (before !== undefined && before.removing === undefined && fresh && until === before.until) return before;
  return { id, lastPut: now, ...(until === undefined ? {} : { until }), holds: before?.holds ?? [] };
}

async function writeBytes(blobs: BlobStore, id: Sha256, bytes: Uint8Array, until: number | undefined): Promise<void> {
  const retained = until === undefined ? undefined : new Date(until);
  if (await blobs.putIfAbsent(evidenceKey(id), bytes, retained)) return;
  await readEvidence(blobs, id);
}

function checkSize(evidence: Uint8Array): Uint8Array {
  if (evidence.length <= MAX_EVIDENCE) return evidence;
  throw new SignwrightError('invalid-input', `the evidence has ${evidence.length} bytes, more than ${MAX_EVIDENCE}`, {
    next: 'sign fewer artifacts at once',
  });
}

function checkTime(retainUntil: Date | undefined): number | undefined {
  const time = retainUntil?.getTime();
  if (time === undefined || (time >= 0 && time <= LAST_TIME)) return time;
  throw new SignwrightError('usage', 'evidence cannot be kept until a time that is none, or not of the years 1970 to 9999');
}

function latest(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.max(one, other);
}
