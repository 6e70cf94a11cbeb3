import { type BlobStore, SignwrightError } from '@signwright/signing-core';
import type { Segments } from '../context.ts';
import { isLeftOut } from '../first-missing.ts';
import { segmentKey } from '../layout.ts';
import { newSegments, segmentReader } from '../segments/read-segments.ts';

/** Segments that may wait, at the most: each is opened anew every time. */
const MOST = 10_000;
const SEQUENCE = 'run "signwright audit sequence" where the log key is';

/**
 * Takes the records of the segments that nobody has put in order yet: who rejected something is heard at once. A segment that cannot
 * be read might say something, so nothing is known until the sequencer has set it aside.
 *
 * @param from the first segment that is not in order. @param refused is told of one that cannot be read, where that is no reason to stop.
 * @throws SignwrightError `verification` where one cannot be read or is missing, `unreachable` where too many wait.
 */
export async function readWaiting(
  take: (record: Uint8Array) => void,
  {
    blobs,
    open,
    from,
    refused,
  }: {
    readonly blobs: BlobStore;
    readonly open: Segments['open'];
    readonly from: number;
    readonly refused?: (where: string, why: string) => void;
  },
): Promise<void> {
  const reader = segmentReader(blobs, open);
  const has = async (number: number): Promise<boolean> => (await blobs.get(segmentKey(number))) !== undefined;
  for (let next = from; ; ) {
    const segments = await newSegments(reader, next);
    for (const { number, opened } of segments) {
      if ('refused' in opened) {
        if (refused === undefined) throw unreadable(number, `cannot be read: ${opened.refused}`);
        refused(segmentKey(number), `cannot be read: ${opened.refused}`);
      } else for (const bytes of opened.records) take(bytes);
    }
    next += segments.length;
    if (next - from > MOST) {
      throw new SignwrightError('unreachable', `more than ${MOST} segments wait for their order`, { next: SEQUENCE });
    }
    if (segments.length > 0) continue;
    // Somebody may have appended it, and later ones, just now.
    if (!(await isLeftOut(next, has))) return;
    if (!(await has(next))) throw unreadable(next, 'is missing, and later ones are there');
  }
}

function unreadable(number: number, why: string): SignwrightError {
  const where = segmentKey(number);
  return new SignwrightError('verification', `${where}, which waits for its order, ${why}`, { where, next: SEQUENCE });
}
