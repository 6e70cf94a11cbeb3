import { type BlobStore, parseBundle, readRecord, recordsIn, SignwrightError } from '@signwright/signing-core';
import { ahead } from '../ahead.ts';
import { segmentKey } from '../layout.ts';

/** From its first record's time on, a segment is sealed within this, milliseconds. */
const SEALING = 60_000;
const LANES = 8;

export type SealedOptions = {
  readonly blobs: BlobStore;
  /** Segments to look at: those before this number. */
  readonly next: number;
  /** The key, as records name it: base64 of SHA-256 over its SubjectPublicKeyInfo. */
  readonly key: string;
  readonly signal?: AbortSignal;
};

/**
 * When a key sealed segments of the log: uses of it that no record accounts for. A job without a certificate signs the records it
 * appends with the key it signs with.
 */
export async function sealedBy({ blobs, next, key, signal }: SealedOptions): Promise<{ from: Date; until: Date; uses: 1 }[]> {
  const found: { from: Date; until: Date; uses: 1 }[] = [];
  const segments = ahead(0, next, LANES, async (number) => (await blobs.get(segmentKey(number)))?.bytes);
  for await (const bytes of segments) {
    if (signal?.aborted) throw new SignwrightError('cancelled', 'stopped while the segments were read');
    const times = bytes === undefined ? [] : timesIfSealedBy(key, bytes);
    if (times.length === 0) continue;
    found.push({ from: new Date(Math.min(...times)), until: new Date(Math.max(...times) + SEALING), uses: 1 });
  }
  return found;
}

/** Segments that are none were not sealed by this key either. */
function timesIfSealedBy(key: string, bytes: Uint8Array): number[] {
  try {
    const bundle = parseBundle(bytes, 'the segment');
    if (bundle.key.type !== 'public-key' || bundle.key.hint !== key) return [];
    return recordsIn(bytes).flatMap((record) => {
      const read = readRecord(record).record;
      return 'time' in read ? [Date.parse(read.time)] : [];
    });
  } catch (error) {
    if (error instanceof SignwrightError && error.code === 'invalid-input') return [];
    throw error;
  }
}
