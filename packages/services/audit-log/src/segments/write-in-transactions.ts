import type { Transactions } from '@signwright/signing-core';
import type { LogContext } from '../context.ts';
import { isUnreachable } from '../damaged.ts';
import type { Loaded } from '../order/load-head.ts';
import { createSequencer } from '../order/sequencer.ts';
import { indexAttempts } from './attempts.ts';
import { putSegment } from './put-segment.ts';

/** What a process saw last of a log. */
export type Memory = { seen?: Loaded | undefined };

/**
 * Writes each batch, with its place in the log, as one transaction: one push to a git branch. Where the end of one is not known it
 * is run once more, and finds the segment there if it was taken.
 */
export function transactionWriter(
  transactions: Transactions,
  context: LogContext,
  memory: Memory,
): (records: readonly Buffer[]) => Promise<number> {
  return async (records) => {
    const bytes = await context.segments.seal(records);
    let tried: number | undefined;

    const write = async (): Promise<number> => {
      const { segment, seen } = await transactions.transact(async (blobs) => {
        const sequencer = createSequencer(blobs, context, memory.seen);
        const { next } = await sequencer.head();
        const retainUntil = context.retainUntil?.();
        const segment = await putSegment(blobs, tried ?? next, bytes, { retainUntil, doubt: tried !== undefined });
        tried ??= segment;
        sequencer.reader.keep(segment, bytes, records);
        await indexAttempts(blobs, records, retainUntil);
        if (context.signer) await sequencer.order(context.signer, segment);
        return { segment, seen: await sequencer.seen() };
      });
      memory.seen = seen;
      return segment;
    };

    return write().catch((error: unknown) => {
      if (!isUnreachable(error)) throw error;
      return write();
    });
  };
}
