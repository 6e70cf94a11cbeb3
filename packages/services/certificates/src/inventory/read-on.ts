import { type BlobStore, SignwrightError } from '@signwright/signing-core';
import { type Entry, readEntry, readPage, writePage } from './entry.ts';
import type { CertificateEvent } from './events.ts';

/** What was read of a journal: entry by entry, and so how many there are. */
export type Reading = {
  readonly position: number;
  readonly events: readonly CertificateEvent[];
  /** The entries behind the last whole page. */
  readonly tail: readonly Entry[];
};

/** Of which nothing was read. */
export const START: Reading = { position: 0, events: [], tail: [] };

/** Entries that are put together into one blob, for reading. */
const PAGE = 256;
/** Blobs that are asked for at once. */
const AT_ONCE = 16;
/** How far behind the end of a journal it is looked for what must not be there. */
const BEHIND = [...Array.from({ length: AT_ONCE }, (_, index) => index + 1), 32, 64, 128, 256, 512, 1024];

/**
 * Reads what a journal has beyond what was read. Every 256 entries are put together into a page, by whoever reads them first: it can
 * only say one thing, and who may not write reads all the same. A page that the store lost is made anew of its entries; what it has
 * in a page may be missing as entries.
 *
 * @throws SignwrightError `verification` where an entry is missing before others, for whoever wrote them had it: to go on there
 * would write another history over it.
 */
export async function readOn(blobs: BlobStore, { position, events, tail }: Reading): Promise<Reading> {
  const read: (readonly CertificateEvent[])[] = [];
  let rest = [...tail];
  let at = position;
  const take = (entries: readonly Entry[]): void => {
    for (const { events } of entries) read.push(events);
    at += entries.length;
  };

  for (;;) {
    if (rest.length === 0) {
      const pages = await getAll(AT_ONCE, (index) => pageKey(at / PAGE + index));
      const count = pages.findLastIndex((bytes) => bytes !== undefined) + 1;
      for (const bytes of pages.slice(0, count)) take(await pageAt(at / PAGE, bytes));
      if (count === AT_ONCE) continue;
    }
    const missing = PAGE - rest.length;
    const entries = await entriesFrom(at, missing);
    take(entries);
    rest.push(...entries);
    if (rest.length === PAGE) {
      await keepPage(at / PAGE - 1, rest);
      rest = [];
    } else if (await isEnd(at)) {
      return { position: at, events: read.length === 0 ? events : events.concat(read.flat()), tail: rest };
    }
  }

  function getAll(count: number, key: (index: number) => string): Promise<(Uint8Array | undefined)[]> {
    return Promise.all(Array.from({ length: count }, async (_, index) => (await blobs.get(key(index)))?.bytes));
  }

  async function pageAt(number: number, bytes: Uint8Array | undefined): Promise<readonly Entry[]> {
    if (bytes !== undefined) return readPage(bytes, PAGE, pageKey(number));
    const entries = await entriesFrom(number * PAGE, PAGE);
    if (entries.length < PAGE) throw lost(number * PAGE + entries.length);
    await keepPage(number, entries);
    return entries;
  }

  /** As many entries as follow one another from there, up to `most`. */
  async function entriesFrom(first: number, most: number): Promise<Entry[]> {
    const found: Entry[] = [];
    while (found.length < most) {
      const next = first + found.length;
      const batch = await getAll(Math.min(AT_ONCE, most - found.length), (index) => entryKey(next + index));
      for (const bytes of batch) {
        if (bytes === undefined) return found;
        found.push(readEntry(bytes, entryKey(first + found.length)));
      }
    }
    return found;
  }

  /** Whether there is none at that number and none behind it; one that came meanwhile is read as well. */
  async function isEnd(end: number): Promise<boolean> {
    const behind = await getAll(BEHIND.length, (index) => entryKey(end + (BEHIND[index] as number)));
    if (behind.every((bytes) => bytes === undefined)) return true;
    if ((await blobs.get(entryKey(end))) === undefined) throw lost(end);
    return false;
  }

  /** Pages make reading quick, and nothing else: where one cannot be written now, another reader writes it. */
  async function keepPage(number: number, entries: readonly Entry[]): Promise<void> {
    try {
      await blobs.putIfAbsent(pageKey(number), writePage(entries));
    } catch (error) {
      if (!(error instanceof SignwrightError)) throw error;
    }
  }
}

function lost(number: number): SignwrightError {
  return new SignwrightError(
    'verification',
    `entry ${number} of the inventory of certificates is missing, and later ones are not`,
    {
      where: entryKey(number),
      next: 'restore it from a backup of the store; nothing is issued as long as it is missing',
    },
  );
}

/** The key of an entry, by its number. */
export function entryKey(number: number): string {
  return `journal/${String(number).padStart(12, '0')}`;
}

function pageKey(number: number): string {
  return `pages/${String(number).padStart(10, '0')}`;
}
