import { type BlobStore, openCheckpoint, SignwrightError, type VerifierKey } from '@signwright/signing-core';
import { openLogReader } from '../open-log-reader.ts';
import { contradiction, contradicts } from './contradicts.ts';

/**
 * Refuses a log that is not the one that was seen, grown: whoever has its key must not sign another history.
 *
 * @param seen the checkpoint it had, as a signed note that was kept where the log's store cannot change it.
 * @throws SignwrightError `verification` where it has become shorter, or has another past.
 */
export async function checkGrown(blobs: BlobStore, keys: readonly VerifierKey[], seen: Uint8Array): Promise<void> {
  const before = openCheckpoint(seen, keys, 'the checkpoint that was kept');
  const reader = await openLogReader({ blobs, keys });
  const found = reader.note
    ? await contradicts(before, openCheckpoint(reader.note, keys, 'head'), reader)
    : contradiction(before, undefined, reader);
  if (found === undefined) return;
  throw new SignwrightError('verification', `${found.message}; nothing is put in order on top of that`, {
    next: 'find out who changed the store, and bring back what was there: a copy, an earlier version, a witness',
  });
}
