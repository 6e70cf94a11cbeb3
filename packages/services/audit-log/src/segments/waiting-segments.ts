import type { BlobStore } from '@signwright/signing-core';
import { firstMissing } from '../first-missing.ts';
import { segmentKey } from '../layout.ts';

/**
 * How many segments nobody has put in order yet: what they record is listed nowhere. Asks for few of them, however many there are.
 *
 * @param next the first that is not in order, as a reader says it.
 */
export async function countWaiting(blobs: BlobStore, next: number): Promise<number> {
  return (await firstMissing(next, async (number) => (await blobs.get(segmentKey(number))) !== undefined)) - next;
}
