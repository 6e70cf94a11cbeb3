import { type BlobStore, SignwrightError } from '@signwright/signing-core';
import { isUnreachable } from '../damaged.ts';
import { firstMissing } from '../first-missing.ts';
import { segmentKey } from '../layout.ts';

/**
 * Writes a segment at the first free number, and returns when it is certain that it is there.
 *
 * A write that failed may have persisted all the same. So the same bytes are put at the same number until the store says what is
 * there: these bytes (then they are durable), or another's (then these never were). Where it will not say, the records may be in
 * the log though this throws; appended again, they are in it twice, as two attempts.
 *
 * @param from a number such that all before it are others'.
 * @param doubt whether these bytes may be there already, from an attempt whose end is not known: then none behind `from` is passed over.
 * @param near whether the free number is likely to be near: then one after the other is tried.
 * @throws SignwrightError `unreachable` where it is not known whether the segment was written.
 */
export async function putSegment(
  blobs: BlobStore,
  from: number,
  bytes: Uint8Array,
  { retainUntil, doubt = false, near = false }: { retainUntil?: Date | undefined; doubt?: boolean; near?: boolean } = {},
): Promise<number> {
  const isOurs = async (number: number): Promise<boolean> => {
    const blob = await blobs.get(segmentKey(number));
    return blob !== undefined && Buffer.compare(blob.bytes, bytes) === 0;
  };
  let number = from;
  for (let tries = 0; ; tries++) {
    if (await putAt(blobs, number, bytes, retainUntil, doubt, isOurs)) return number;
    number = doubt || (near && tries < NEAR) ? number + 1 : await freeNumber(blobs, number + 1);
  }
}

/**
 * The first number from `from` on that no segment has.
 *
 * @param others how many of them others are likely to have taken.
 */
export function freeNumber(blobs: BlobStore, from: number, others = 0): Promise<number> {
  return firstMissing(from, async (number) => (await blobs.get(segmentKey(number))) !== undefined, others);
}

/** Numbers that are tried before it is looked which are taken. */
const NEAR = 24;
const TRIES = 2;

/** @returns whether these bytes are durable at this number; `false` where another's are. */
async function putAt(
  blobs: BlobStore,
  number: number,
  bytes: Uint8Array,
  retainUntil: Date | undefined,
  doubt: boolean,
  isOurs: (number: number) => Promise<boolean>,
): Promise<boolean> {
  let failure: SignwrightError | undefined;
  for (let tries = 0; tries < TRIES; tries++) {
    try {
      if (await blobs.putIfAbsent(segmentKey(number), bytes, retainUntil)) return true;
      // What is there can only be these bytes where an earlier attempt at them ended in doubt.
      return (doubt || failure !== undefined) && (await isOurs(number));
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      failure = error;
    }
  }
  throw new SignwrightError('unreachable', `it is not known whether the records were written to ${segmentKey(number)}`, {
    where: failure?.where ?? segmentKey(number),
    next: failure?.next ?? 'run again when the store can be reached',
    cause: failure,
  });
}
