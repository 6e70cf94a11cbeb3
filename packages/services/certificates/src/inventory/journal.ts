import { randomUUID } from 'node:crypto';
import { type BlobStore, type Sha256, SignwrightError, sha256 } from '@signwright/signing-core';
import { type Entry, MAX_ENTRY, readEntry, readPage, writeEntry, writePage } from './entry.ts';
import type { CertificateEvent } from './events.ts';

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
   * @throws SignwrightError `unreachable` where it is not known whether they were written.
   */
  append(state: JournalState, events: readonly CertificateEvent[]): Promise<JournalState | undefined>;
};

/** Entries that are put together into one blob, for reading. */
const PAGE = 256;
const AT_ONCE = 16;

/**
 * The journal in a store. Every {@link PAGE} entries are put together into a page, which whoever meets them may write: it can only
 * say one thing.
 */
export function openJournal(blobs: BlobStore): Journal {
  return {
    async read() {
      const pages = await readRun(0, (number) => get(pageKey(number)));
      const paged = pages.flatMap((bytes, number) => readPage(bytes, PAGE, pageKey(number)));
      const first = paged.length;
      const tail = await readRun(first, (number) => get(entryKey(number)));
      const read = tail.map((bytes, index) => readEntry(bytes, entryKey(first + index)));
      await writePages(first, read);
      return { position: first + tail.length, events: [...paged, ...read].flatMap(({ events }) => events) };
    },

    async append({ position, events: before }, events) {
      if (events.length === 0) return { position, events: before };
      const bytes = writeEntry({ id: randomUUID(), events });
      if (bytes.length > MAX_ENTRY) throw new TypeError(`an entry of ${bytes.length} bytes: append what is so much in several`);
      if (!(await put(entryKey(position), bytes))) return undefined;
      return { position: position + 1, events: [...before, ...events] };
    },
  };

  async function get(key: string): Promise<Uint8Array | undefined> {
    return (await blobs.get(key))?.bytes;
  }

  /** A write that failed may have taken effect: what is there tells, for each entry has an id of its own. */
  async function put(key: string, bytes: Uint8Array): Promise<boolean> {
    try {
      return await blobs.putIfAbsent(key, bytes);
    } catch (error) {
      if (!(error instanceof SignwrightError) || error.code !== 'unreachable') throw error;
      const there = await get(key).catch(() => undefined);
      if (there === undefined) throw error;
      return Buffer.compare(there, bytes) === 0;
    }
  }

  async function writePages(first: number, entries: readonly Entry[]): Promise<void> {
    for (let from = 0; from + PAGE <= entries.length; from += PAGE)
      await blobs.putIfAbsent(pageKey((first + from) / PAGE), writePage(entries.slice(from, from + PAGE)));
  }
}

/** Reads numbered blobs up to the first that is missing. One that is there behind it was not left out by whoever wrote them. */
async function readRun(first: number, get: (number: number) => Promise<Uint8Array | undefined>): Promise<Uint8Array[]> {
  const found: Uint8Array[] = [];
  for (;;) {
    const next = first + found.length;
    const batch = await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => get(next + index)));
    const end = batch.indexOf(undefined);
    if (end >= 0 && batch.slice(end).some((bytes) => bytes !== undefined))
      throw new SignwrightError(
        'verification',
        `entry ${next + end} of the inventory of certificates is missing, and later ones are not`,
        {
          next: 'restore it from a backup of the store; nothing is issued as long as it is missing',
        },
      );
    found.push(...(batch.slice(0, end < 0 ? AT_ONCE : end) as Uint8Array[]));
    if (end >= 0) return found;
  }
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
  }
  throw new SignwrightError('conflict', 'others keep changing the inventory of certificates', { next: 'run it again' });
}

/** Each of so many others may be first once. */
const TRIES = 50;

function entryKey(number: number): string {
  return `journal/${String(number).padStart(12, '0')}`;
}

function pageKey(number: number): string {
  return `pages/${String(number).padStart(10, '0')}`;
}

/** The key that a certificate or CRL lies under, by its digest. */
export function derKey(der: Uint8Array): string {
  return keyOfDer(sha256(der));
}

export function keyOfDer(digest: Sha256): string {
  return `der/${digest.replace(':', '-')}`;
}
