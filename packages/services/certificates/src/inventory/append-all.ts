import { canonicalJson, type Json, SignwrightError } from '@signwright/signing-core';
import { MAX_ENTRY } from './entry.ts';
import type { CertificateEvent } from './events.ts';
import { type Inventory, inventoryOf } from './inventory.ts';
import type { Journal, JournalState } from './journal.ts';

/** What an entry has beside its events, at the most. */
const AROUND = 256;

/** Events in the same order, in batches of which each fits into one entry. */
export function inBatches(events: readonly CertificateEvent[]): CertificateEvent[][] {
  const batches: CertificateEvent[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const event of events) {
    const bytes = Buffer.byteLength(canonicalJson(event as unknown as Json)) + 1;
    if (size + bytes > MAX_ENTRY - AROUND) {
      batches.push([]);
      size = 0;
    }
    batches.at(-1)?.push(event);
    size += bytes;
  }
  return batches;
}

/**
 * Appends events of any number, entry by entry. What is decided on must be such that deciding again, once a part of it was appended,
 * gives the rest: so it goes on where others were in between, and after a crash.
 *
 * @param decide on the events that an inventory lacks.
 * @returns how many events were appended, and the state after them.
 * @throws SignwrightError `conflict` where others keep changing the inventory, and as the journal does.
 */
export async function appendAll(
  journal: Journal,
  decide: (inventory: Inventory) => readonly CertificateEvent[],
): Promise<{ readonly appended: number; readonly state: JournalState }> {
  let appended = 0;
  for (let idle = 0; idle < TRIES; idle++) {
    let state = await journal.read();
    const batches = inBatches(decide(inventoryOf(state.events)));
    let beaten = false;
    for (const batch of batches) {
      const after = await journal.append(state, batch);
      beaten = after === undefined;
      if (after === undefined) break;
      state = after;
      appended += batch.length;
      idle = 0;
    }
    if (!beaten) return { appended, state };
  }
  throw new SignwrightError('conflict', 'others keep changing the inventory of certificates', {
    next: 'run it again: it goes on where it stopped',
  });
}

const TRIES = 50;
