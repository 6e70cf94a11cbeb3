import { type BlobStore, type Sha256, SignwrightError, sha256 } from '@signwright/signing-core';
import { keyOfDer } from './journal.ts';

/** The certificate or CRL with a digest. @throws SignwrightError `verification` where it is gone, or is something else. */
export async function readDer(blobs: BlobStore, digest: Sha256): Promise<Buffer> {
  const where = keyOfDer(digest);
  const bytes = (await blobs.get(where))?.bytes;
  if (bytes !== undefined && sha256(bytes) === digest) return Buffer.from(bytes);
  const what = bytes === undefined ? 'is missing' : 'is something else';
  throw new SignwrightError('verification', `what the inventory has under ${digest} ${what}`, {
    where,
    next: "restore it from a backup of the inventory's store",
  });
}
