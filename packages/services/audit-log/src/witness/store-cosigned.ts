import { type BlobStore, SignwrightError, type VerifierKey } from '@signwright/signing-core';
import { witnessKey } from '../layout.ts';
import { witnessedIn } from '../prove/witnessed.ts';

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
  const size = witnessedIn(note, keys, [witness])?.size ?? 0;
  for (let lost = 0; lost < MOST_LOST; lost++) {
    const blob = await blobs.get(key);
    const there = blob && witnessedIn(blob.bytes, keys, [witness]);
    if (there && there.cosigned > 0 && there.size > size) return;
    if ((await blobs.compareAndSwap(key, blob?.version, note)) !== undefined) return;
  }
  throw new SignwrightError('unreachable', `the cosignature could not be written: others wrote first ${MOST_LOST} times`, {
    where: key,
    next: 'run again; see that one process at a time is this witness',
  });
}
