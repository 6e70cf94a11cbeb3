import type { BlobStore } from '@signwright/signing-core';
import type { LogContext } from '../context.ts';
import { damaged, isUnreachable } from '../damaged.ts';
import { HEAD, segmentKey } from '../layout.ts';
import type { Sequencer } from '../order/sequencer.ts';
import { indexAttempts } from './attempts.ts';
import type { Commit } from './group-commit.ts';
import { putSegment } from './put-segment.ts';

/**
 * Writes batches to a store whose every write takes effect by itself: a segment, then, while the next one is written already, its
 * place in the log. Records are durable once their segment is, so what orders them may fail by not reaching the store: whoever
 * loads the log next does it.
 */
export function directWriter(
  blobs: BlobStore,
  context: LogContext,
  sequencer: Sequencer,
): (records: readonly Buffer[]) => Promise<Commit> {
  let free: number | undefined;
  let ordering: Promise<unknown> = Promise.resolve();

  async function settle(segment: number, records: readonly Buffer[]): Promise<void> {
    await indexAttempts(blobs, records, context.retainUntil?.());
    if (!context.signer) return;
    try {
      await sequencer.turn(segment);
      await sequencer.order(context.signer, segment);
    } catch (error) {
      if (!isUnreachable(error)) throw error;
    }
  }

  return async (records) => {
    const bytes = await context.segments.seal(records);
    const { next } = await sequencer.head();
    if (free === undefined) await checkBehind(blobs, next);
    const segment = await putSegment(blobs, Math.max(free ?? 0, next), bytes, { retainUntil: context.retainUntil?.() });
    free = segment + 1;
    sequencer.reader.keep(segment, bytes, records);
    const settled = ordering.then(() => settle(segment, records));
    ordering = settled.catch(() => undefined);
    return { segment, settled };
  };
}

/** Behind a gap nothing would ever be ordered. */
async function checkBehind(blobs: BlobStore, next: number): Promise<void> {
  if (next === 0 || (await blobs.get(segmentKey(next - 1)))) return;
  throw damaged(HEAD, `it accounts for ${segmentKey(next - 1)}, which is missing`);
}
