import { type Sha256, SignwrightError } from '@signwright/signing-core';
import { type JoinedEntry, joinEntries, place, placingOf, waitingInMemory } from './join-results.ts';
import { type LogEntry, type LogReader, loadEntries, readEntries } from './log-entry.ts';

/** What is read back from the end, at the most: records, their bytes; and how many in one go. */
const WINDOW = { records: 8_192, bytes: 32 * 1024 * 1024, step: 256 };
/** Of a listing. */
const MOST = 1_000;

/**
 * The newest entries of a log, without an index: reads back from its end, 8,192 records and about 32 MiB at the most. Results whose
 * intents are further back are left out.
 *
 * @param limit entries wanted; fewer are given where what is read has no more.
 */
export async function listRequests(reader: LogReader, { limit = 20 }: { readonly limit?: number } = {}): Promise<JoinedEntry[]> {
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > MOST) {
    throw new SignwrightError('usage', `a list of ${limit} entries`, {
      next: `ask for 1 to ${MOST}; a search pages through more`,
    });
  }
  const read: LogEntry[] = [];
  let bytes = 0;
  for (let to = reader.size; ; ) {
    const from = Math.max(0, to - Math.min(WINDOW.step, 2 * limit));
    const older = await collect(reader, from, to);
    read.unshift(...older.entries);
    bytes += older.bytes;
    to = from;
    const joined = joinEntries(read).filter(({ record }) => record.event !== 'result' || from === 0);
    if (joined.length >= limit || from === 0 || read.length >= WINDOW.records || bytes >= WINDOW.bytes) {
      return joined.sort((a, b) => b.index - a.index).slice(0, limit);
    }
  }
}

/**
 * All records of one request, in order, without an index: reads the whole log. With one, `recordsOf` finds them.
 *
 * @throws SignwrightError `usage` where the log has none.
 */
export async function showRequest(reader: LogReader, request: Sha256, signal?: AbortSignal): Promise<LogEntry[]> {
  const found: LogEntry[] = [];
  for await (const { bytes: _, ...entry } of readEntries(reader, 0, reader.size, signal)) {
    if ('request' in entry.record && entry.record.request === request) found.push(entry);
  }
  return found;
}

/**
 * Intents without a result, in the log's order: a signature may exist that nobody accounts for. Reads the whole log, and remembers
 * the ids of what it read (about 100 bytes a record).
 *
 * @param before only those whose own time is before this one: later ones may still be under way.
 */
export async function* findOrphans(
  reader: LogReader,
  { before, signal }: { readonly before?: Date; readonly signal?: AbortSignal } = {},
): AsyncGenerator<JoinedEntry> {
  const waiting = waitingInMemory();
  for await (const entry of readEntries(reader, 0, reader.size, signal)) place(placingOf(entry), waiting);
  const open = waiting.open();
  for (let at = 0; at < open.length; at += CHUNK) {
    for (const entry of (await loadEntries(reader, open.slice(at, at + CHUNK))).values()) {
      if (before !== undefined && 'time' in entry.record && Date.parse(entry.record.time) >= before.getTime()) continue;
      yield { ...entry, outcome: 'orphan' };
    }
  }
}

/** Records that are held at once. */
const CHUNK = 200;

async function collect(reader: LogReader, from: number, to: number): Promise<{ entries: LogEntry[]; bytes: number }> {
  const entries: LogEntry[] = [];
  let bytes = 0;
  for await (const { bytes: written, ...entry } of readEntries(reader, from, to)) {
    entries.push(entry);
    bytes += written.length;
  }
  return { entries, bytes };
}
