import { setTimeout as wait } from 'node:timers/promises';
import type { BlobStore } from '@signwright/signing-core';
import type { LogContext } from '../context.ts';
import { damaged, isUnreachable } from '../damaged.ts';
import { HEAD, segmentKey } from '../layout.ts';
import type { Sequencer } from '../order/sequencer.ts';
import { indexAttempts } from './attempts.ts';
import { freeNumber, putSegment } from './put-segment.ts';

/** Writes batches, and puts them in order meanwhile. */
export type DirectWriter = {
  write(records: readonly Buffer[]): Promise<number>;
  /**
   * Waits until what this process wrote is in order, as far as the store can be reached.
   *
   * @throws SignwrightError `verification` where the log does not hold.
   */
  ordered(): Promise<void>;
  /** Waits until retries find what this process wrote. */
  indexed(): Promise<void>;
};

/** Between two rounds of ordering, in milliseconds, while nobody waits for it: one round for many segments costs little more. */
const BETWEEN = 50;
/** How long nothing may move before it does another's work, in milliseconds, and where somebody waits for it; at least as long as
 * such work took the last time, three times as long where nobody waits. */
const PATIENCE = 200;
const HURRIED = 30;
/** A write takes long from here on, in milliseconds: it goes over a network. */
const SLOW = 12;
/** Records whose attempts may still be on their way to the index. */
const INDEXING = 4096;

/**
 * Writes batches to a store whose every write takes effect by itself. A batch is durable, and acknowledged, once its segment is
 * written; where the log key is at hand it is put in order at once, with all that was written meanwhile, while the next one is
 * written already. That may fail by not reaching the store: whoever loads the log next does it.
 */
export function directWriter(blobs: BlobStore, context: LogContext, sequencer: Sequencer): DirectWriter {
  const { signer, segments } = context;
  let free: number | undefined;
  /** Numbers that others took while this process wrote its last segment, and how long it took to try one, in milliseconds. */
  let others = 0;
  let tryTakes = 0;
  /** Segments of this process that may not be in order yet. */
  let own: readonly number[] = [];
  let round: Promise<void> | undefined;
  let running = false;
  let failure: { error: unknown } | undefined;
  let hurrying = 0;
  /** How long ordering took the last time, in milliseconds. */
  let took = 0;
  let hurry = new AbortController();
  let indexing: Promise<unknown> = Promise.resolve();
  let unindexed = 0;

  /** Not the same for all, so that of many processes few do the same thing at once; ends when somebody waits for the order. */
  async function pause(milliseconds: number): Promise<void> {
    const about = milliseconds * (0.5 + Math.random());
    await wait(about, undefined, hurrying > 0 ? {} : { signal: hurry.signal }).catch(() => undefined);
  }

  async function orderOwn(): Promise<void> {
    const [first] = own;
    if (first === undefined || !signer) return;
    await sequencer.turn(first, () => pause(hurrying > 0 ? Math.max(HURRIED, took) : Math.max(PATIENCE, 3 * took)));
    const started = performance.now();
    await sequencer.order(signer, own.at(-1));
    took = performance.now() - started;
    const { next } = await sequencer.head();
    own = own.filter((segment) => segment >= next);
  }

  function oneRound(): Promise<void> {
    round ??= orderOwn().finally(() => {
      round = undefined;
    });
    return round;
  }

  async function orderMeanwhile(): Promise<void> {
    if (running || !signer) return;
    running = true;
    try {
      while (own.length > 0) {
        await oneRound();
        if (own.length > 0) await pause(BETWEEN);
      }
    } catch (error) {
      if (!isUnreachable(error)) failure = { error };
    }
    running = false;
  }

  async function ordered(): Promise<void> {
    await indexing;
    const upTo = own.at(-1) ?? -1;
    hurrying++;
    hurry.abort();
    try {
      if (signer) while (own[0] !== undefined && own[0] <= upTo) await oneRound();
      failure = undefined;
    } catch (error) {
      if (!isUnreachable(error)) throw error;
    } finally {
      hurrying--;
      if (hurrying === 0) hurry = new AbortController();
    }
  }

  async function write(records: readonly Buffer[]): Promise<number> {
    if (failure) await ordered();
    const retainUntil = context.retainUntil?.();
    const { next } = await sequencer.head();
    if (free === undefined) await checkBehind(blobs, next);
    const from = Math.max(free ?? 0, next);
    // Where a write takes long, it takes less to look which numbers are taken than to try them.
    const looks = others > 0 && tryTakes > SLOW;
    const [bytes, number] = await Promise.all([segments.seal(records), looks ? freeNumber(blobs, from, others) : from]);
    const started = performance.now();
    const segment = await putSegment(blobs, number, bytes, { retainUntil, near: others > 0 });
    tryTakes = (performance.now() - started) / (segment - number + 1);
    others = segment - from;
    free = segment + 1;
    sequencer.reader.keep(segment, bytes, records);
    own = signer ? [...own, segment] : [];
    void orderMeanwhile();
    await index(records, retainUntil);
    return segment;
  }

  /** Lets retries find these records, meanwhile: whoever appended them need not wait for it unless too much is on its way. */
  async function index(records: readonly Buffer[], retainUntil: Date | undefined): Promise<void> {
    if (unindexed > INDEXING) await indexing;
    unindexed += records.length;
    indexing = Promise.all([
      indexing,
      indexAttempts(blobs, records, retainUntil).finally(() => {
        unindexed -= records.length;
      }),
    ]);
    indexing.catch(() => undefined);
  }

  return { write, ordered, indexed: async () => void (await indexing) };
}

/** Behind a gap nothing would ever be ordered. */
async function checkBehind(blobs: BlobStore, next: number): Promise<void> {
  if (next === 0 || (await blobs.get(segmentKey(next - 1)))) return;
  throw damaged(HEAD, `it accounts for ${segmentKey(next - 1)}, which is missing`);
}
