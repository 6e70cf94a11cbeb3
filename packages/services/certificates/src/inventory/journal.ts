import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { type BlobStore, type Sha256, SignwrightError, sha256 } from '@signwright/signing-core';
import { type Entry, MAX_ENTRY, writeEntry } from './entry.ts';
import type { CertificateEvent } from './events.ts';
import { entryKey, readOn, START } from './read-on.ts';

/** What was appended so far: entry by entry, and so how many there are. */
export type JournalState = { readonly position: number; readonly events: readonly CertificateEvent[] };

/**
 * What happened to certificates, as numbered entries that are written once. Whoever appends says after which entry; where somebody
 * else was first, nothing is written. So of two who read the same state, one changes it.
 */
export type Journal = {
  /** Everything up to now. @throws SignwrightError `unreachable`; `verification` where an entry is missing or is none. */
  read(): Promise<JournalState>;
  /**
   * Appends all of these events, or none; durable when it returns.
   *
   * @returns the state after them; `undefined` where an entry was appended since `state` was read.
   * @throws SignwrightError `unreachable` where it is not known whether they were written; TypeError for more than fit into one
   * entry: {@link inBatches} takes them apart.
   */
  append(state: JournalState, events: readonly CertificateEvent[]): Promise<JournalState | undefined>;
};

/**
 * The journal in a store. What was read is remembered, for it never changes, so reading once more asks only for what came since. See
 * {@link readOn} for how it is read, and what is made of a store that lost some of it.
 */
export function openJournal(blobs: BlobStore): Journal {
  let known = START;
  return {
    async read() {
      known = await readOn(blobs, known);
      return stateOf(known);
    },

    async append({ position, events: before }, events) {
      if (events.length === 0) return { position, events: before };
      const entry: Entry = { id: randomUUID(), events };
      const bytes = writeEntry(entry);
      if (bytes.length > MAX_ENTRY) throw new TypeError(`an entry of ${bytes.length} bytes: append what is so much in several`);
      if (!(await put(entryKey(position), bytes))) return undefined;
      return { position: position + 1, events: [...before, ...events] };
    },
  };

  /** A write that failed may have taken effect: what is there tells, for each entry has an id of its own. */
  async function put(key: string, bytes: Uint8Array): Promise<boolean> {
    try {
      return await blobs.putIfAbsent(key, bytes);
    } catch (error) {
      if (!(error instanceof SignwrightError) || error.code !== 'unreachable') throw error;
      const there = await blobs.get(key).catch(() => undefined);
      if (there === undefined) throw error;
      return Buffer.compare(there.bytes, bytes) === 0;
    }
  }
}

function stateOf({ position, events }: JournalState): JournalState {
  return { position, events };
}

/** A state with the events that came to it since, by whoever decides on what is there. */
export async function change<T extends { readonly events: readonly CertificateEvent[] }>(
  journal: Journal,
  decide: (state: JournalState) => Promise<T> | T,
): Promise<T & { readonly state: JournalState }> {
  for (let tries = 0; tries < TRIES; tries++) {
    const state = await journal.read();
    const decided = await decide(state);
    const after = await journal.append(state, decided.events);
    if (after !== undefined) return { ...decided, state: after };
    await setTimeout(Math.random() * Math.min(tries, 10) * 10);
  }
  throw new SignwrightError('conflict', 'others keep changing the inventory of certificates', { next: 'run it again' });
}

/** Each of so many others may be first once. */
const TRIES = 50;

/** The key that a certificate or CRL lies under, by its digest. */
export function derKey(der: Uint8Array): string {
  return keyOfDer(sha256(der));
}

export function keyOfDer(digest: Sha256): string {
  return `der/${digest.replace(':', '-')}`;
}
