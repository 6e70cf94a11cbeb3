import { type BlobStore, inParallel, isSha256, type ReadRecord, readRecord, type Sha256 } from '@signwright/signing-core';
import { damaged, isUnreachable } from '../damaged.ts';
import { firstMissing } from '../first-missing.ts';
import { attemptKey } from '../layout.ts';

/** How many attempts at a request the log knows, and the id of the newest one's intent (its first slice's). */
export type Attempts = { readonly count: number; readonly last?: Sha256 };

const LANES = 8;

/** What the log knows of earlier attempts at a request, for the next one to be linked to. */
export async function attemptsAt(blobs: BlobStore, request: Sha256): Promise<Attempts> {
  const count = (await firstMissing(1, async (attempt) => (await blobs.get(attemptKey(request, attempt))) !== undefined)) - 1;
  if (count === 0) return { count };
  const key = attemptKey(request, count);
  const last = Buffer.from((await blobs.get(key))?.bytes ?? []).toString('latin1');
  if (!isSha256(last)) throw damaged(key, 'it is no record id');
  return { count, last };
}

/**
 * Lets the next attempt find the intents among these records. The records are in the log whether or not this can be written: what
 * cannot leaves a retry without its link, which `verifyLog` tells.
 */
export async function indexAttempts(blobs: BlobStore, records: readonly Uint8Array[], retainUntil?: Date): Promise<void> {
  // Intents of several signers may begin one attempt: the first one stands for it.
  const first = new Map(
    records
      .filter(mayBegin)
      .flatMap((bytes) => attemptOf(readRecord(bytes)))
      .map(({ key, id }) => [key, id])
      .reverse() as [string, Sha256][],
  );
  await inParallel([...first], LANES, async ([key, id]) => {
    try {
      await blobs.putIfAbsent(key, Buffer.from(id), retainUntil);
    } catch (error) {
      if (!isUnreachable(error)) throw error;
    }
  });
}

/** Whether the bytes are an intent's, if they are canonical JSON: to read all records strictly would cost more than to write them. */
function mayBegin(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes('"event":"intent"');
}

/** Where the attempt that a record begins is found, if it begins one. */
export function attemptOf({ id, record }: ReadRecord): { key: string; id: Sha256 }[] {
  if (record.event !== 'intent' || (record.slice?.number ?? 1) !== 1) return [];
  return [{ key: attemptKey(record.request, record.attempt), id }];
}
