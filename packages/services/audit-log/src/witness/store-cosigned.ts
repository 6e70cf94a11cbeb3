import { type BlobStore, SignwrightError, type VerifierKey } from '@signwright/signing-core';
import { witnessKey } from '../layout.ts';
import { cosignedIn } from '../prove/witnessed.ts';

const MOST_LOST = 100;

/**
 * Puts a cosigned checkpoint where provers look for it, unless a newer one of the same witness is there.
 *
 * @throws SignwrightError `unreachable` where it cannot be written.
 */
export async function storeCosigned(
  blobs: BlobStore,
  keys: readonly VerifierKey[],
  witness: VerifierKey,
  note: Uint8Array,
): Promise<void> {
  const key = witnessKey(witness.name);
  const size = cosignedIn(note, keys, witness)?.size ?? 0;
  for (let lost = 0; lost < MOST_LOST; lost++) {
    const blob = await blobs.get(key);
    if (blob && (cosignedIn(blob.bytes, keys, witness)?.size ?? 0) > size) return;
    if ((await blobs.compareAndSwap(key, blob?.version, note)) !== undefined) return;
  }
  throw new SignwrightError('unreachable', `the cosignature could not be written: others wrote first ${MOST_LOST} times`, {
    where: key,
    next: 'run again; see that one process at a time is this witness',
  });
}
