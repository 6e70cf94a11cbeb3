import { type EvidenceReceipt, recordsIn, type Sha256, SignwrightError, sha256 } from '@signwright/signing-core';
import type { StoredRecords } from './find-records.ts';
import { auditDefinition, openLogStore } from './open-log.ts';
import type { OpenPolicy } from './open-policy.ts';

/**
 * The parts without a proof whose receipt the log itself confirms: the record is where the receipt says. Whoever can write to the
 * evidence store can make up a receipt, and a part that counted by it would never be signed anew.
 */
export async function confirmedParts({ receipts, proven }: StoredRecords, open: OpenPolicy): Promise<ReadonlySet<Sha256>> {
  const waiting = [...receipts].filter(([part]) => !proven.has(part));
  const confirmed = new Set<Sha256>();
  if (waiting.length === 0) return confirmed;
  const { blobs } = await openLogStore(open, auditDefinition(open));
  const { segmentKey } = await import('@signwright/audit-log');
  const holds = async ({ segment, place, record }: EvidenceReceipt): Promise<boolean> => {
    const blob = await blobs.get(segmentKey(segment));
    const bytes = blob && recordAt(blob.bytes, place);
    return bytes !== undefined && sha256(bytes) === record;
  };
  for (const [part, some] of waiting) {
    for (const receipt of some.slice(-MOST_RECEIPTS)) if (!confirmed.has(part) && (await holds(receipt))) confirmed.add(part);
  }
  return confirmed;
}

const MOST_RECEIPTS = 20;

function recordAt(segment: Uint8Array, place: number): Uint8Array | undefined {
  try {
    return recordsIn(segment)[place];
  } catch (error) {
    if (error instanceof SignwrightError && error.code === 'invalid-input') return undefined;
    throw error;
  }
}
