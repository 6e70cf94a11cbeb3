import { type BlobStore, type Sha256, SignwrightError, sha256 } from '@signwright/signing-core';
import { evidenceKey } from './layout.ts';

/** Bytes of one piece of evidence, at the most. */
export const MAX_EVIDENCE: number = 64 * 1024 * 1024;

/** @returns the bytes that have this digest. Throws `unreachable` where they are missing or are not these bytes. */
export async function readEvidence(blobs: BlobStore, id: Sha256): Promise<Uint8Array> {
  const key = evidenceKey(id);
  const blob = await blobs.get(key);
  if (blob === undefined) throw unusable(key, 'is not there');
  if (blob.bytes.length > MAX_EVIDENCE) throw unusable(key, `came back with more than ${MAX_EVIDENCE} bytes`);
  if (sha256(blob.bytes) !== id) throw unusable(key, 'came back as other bytes than were stored');
  return blob.bytes;
}

export function unusable(
  key: string,
  problem: string,
  next = 'restore the evidence store from a copy, or sign again',
): SignwrightError {
  return new SignwrightError('unreachable', `the evidence ${key} ${problem}`, { where: key, next });
}
