import { setTimeout as wait } from 'node:timers/promises';
import { type BlobStore, type Signer, SignwrightError } from '@signwright/signing-core';
import { type LogContext, originOf, readAt } from '../context.ts';
import { isUnreachable } from '../damaged.ts';
import { isLeftOut } from '../first-missing.ts';
import { HEAD, segmentKey } from '../layout.ts';
import { newSegments, type Segment, type SegmentReader, segmentReader } from '../segments/read-segments.ts';
import { fillGap, type RefusedSegment, recordRefused } from '../segments/refuse-segments.ts';
import { applyHead, isApplied } from './apply.ts';
import { checkEnd } from './check-end.ts';
import { EMPTY_HEAD, type Head, writeHead } from './head.ts';
import { type Loaded, loadHead } from './load-head.ts';
import { orderSegments } from './order-segments.ts';
import { signedAnew } from './signed-anew.ts';

/** One process's view of a log's order: what it saw last, and how it moves it on. */
export type Sequencer = {
  readonly reader: SegmentReader;
  /** The head as this process saw it last; loaded where it has seen none. */
  head(): Promise<Head>;
  /** The same, with its version. */
  seen(): Promise<Loaded>;
  /** The head as it is now. */
  reload(): Promise<Head>;
  /** Orders the segments up to one, and what else is found with it; with no number, all there are. */
  order(signer: Signer, upTo?: number): Promise<readonly RefusedSegment[]>;
  /**
   * Waits while others order the segments before one: whose segment is the first that waits orders it with all behind it, so of many
   * writers few do the same work. Where nothing moves for a while, whoever ought to may have died, and the wait is over.
   *
   * @param pause waits for that while.
   */
  turn(segment: number, pause: () => Promise<void>): Promise<void>;
  /** Sees to it that the full tiles of the head are written. */
  apply(): Promise<void>;
};

/** Others were first this often in a row: somebody answers what is not so. */
const MOST_LOST = 1000;
/** How often, and how long in milliseconds, whoever ordered last is let finish its tiles. */
const FINISHING = { times: 3, pause: 20 };

export function createSequencer(blobs: BlobStore, context: LogContext, seen?: Loaded): Sequencer {
  const reader = segmentReader(blobs, context.segments.open);
  let loaded: Loaded | undefined;
  let applied: Head | undefined;

  async function load(): Promise<Loaded> {
    const found = await loadHead(blobs, context.keys, loaded ?? seen, readAt(context));
    // What was read while this process moved the head on is older than what it knows.
    if (!loaded || found.head.next >= loaded.head.next) loaded = found;
    return loaded;
  }

  async function apply(): Promise<void> {
    const { head } = loaded ?? (await load());
    if (applied === head || head === EMPTY_HEAD) return;
    await applyHead(blobs, head, reader, context.retainUntil?.());
    applied = head;
  }

  /** Takes the next segments in. @returns what it took; nothing where there is nothing, `undefined` where another was first. */
  async function round(signer: Signer): Promise<{ segments: Segment[]; refused: RefusedSegment[] } | undefined> {
    const before = loaded ?? (await load());
    if (applied !== before.head) {
      await checkEnd(before.head, reader);
      for (let i = 0; i < FINISHING.times && !(await isApplied(blobs, before.head)); i++) await wait(FINISHING.pause);
    }
    await apply();
    const segments = await newSegments(reader, before.head.next);
    if (segments.length === 0) return (await takeOver(before, signer)) ? { segments, refused: [] } : undefined;
    const refused = await recordRefused(blobs, context, segments);
    const after = await orderSegments(before.head, segments, originOf(context.keys), signer);
    if (!(await swap(before, after))) return undefined;
    await apply();
    return { segments, refused };
  }

  /** Signs anew what another key of the log signed last, where this one comes before it. @returns whether the head is as wanted. */
  async function takeOver(before: Loaded, signer: Signer): Promise<boolean> {
    const checkpoint = await signedAnew(before.head, context.keys, signer);
    return checkpoint === undefined || swap(before, { ...before.head, checkpoint });
  }

  async function swap(before: Loaded, head: Head): Promise<boolean> {
    try {
      const version = await blobs.compareAndSwap(HEAD, before.version, writeHead(head));
      if (version !== undefined) loaded = { head, version };
      else await load();
      return version !== undefined;
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      const { head: found } = await load();
      if (found.checkpoint && head.checkpoint?.equals(found.checkpoint)) return true;
      throw error;
    }
  }

  /** Fills a number that no segment has, where later ones are there: nothing behind it would ever be ordered. */
  async function fill(missing: number, upTo: number | undefined): Promise<RefusedSegment | undefined> {
    const has = async (number: number): Promise<boolean> => (await blobs.get(segmentKey(number))) !== undefined;
    return upTo !== undefined || (await isLeftOut(missing, has)) ? fillGap(blobs, context, missing) : undefined;
  }

  return {
    reader,
    head: async () => (loaded ?? (await load())).head,
    seen: async () => loaded ?? load(),
    reload: async () => (await load()).head,
    apply,
    async turn(segment, pause) {
      for (let seen = (await load()).head.next; seen < segment; ) {
        await pause();
        const { next } = (await load()).head;
        if (next === seen) return;
        seen = next;
      }
    },
    async order(signer, upTo) {
      const refused: RefusedSegment[] = [];
      for (let lost = 0; lost < MOST_LOST; ) {
        const { head } = loaded ?? (await load());
        if (upTo !== undefined && head.next > upTo) return refused;
        const taken = await round(signer);
        if (!taken) {
          lost++;
          continue;
        }
        lost = 0;
        refused.push(...taken.refused);
        if (taken.segments.length > 0) continue;
        const gap = await fill(head.next, upTo);
        if (!gap) return refused;
        refused.push(gap);
      }
      throw new SignwrightError('unreachable', `other writers were first ${MOST_LOST} times in a row`, {
        where: HEAD,
        next: 'run again; if that does not help, the store answers what is not so',
      });
    },
  };
}
