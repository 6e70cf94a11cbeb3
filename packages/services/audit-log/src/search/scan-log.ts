import { type BlobStore, type ReadRecord, readRecord } from '@signwright/signing-core';
import type { Segments } from '../context.ts';
import { readWaiting } from '../negative/read-waiting.ts';
import type { OpenLogReader } from '../open-log-reader.ts';
import { type JoinedEntry, joinEntries } from './join-results.ts';
import { type LogEntry, readEntries } from './log-entry.ts';
import { spanOf } from './query.ts';

/** What a scan of a log found. */
export type Scanned = {
  /** In the log's order, each intent with what came of it; what waits for its order comes last. */
  readonly entries: readonly (JoinedEntry & { readonly waits?: true })[];
  /** Segments that wait and cannot be read, and why: they may have more. */
  readonly unreadable: readonly string[];
};

export type ScanOptions = {
  readonly reader: OpenLogReader;
  /** The log's store, and how its segments are opened: what nobody has put in order yet is read too. */
  readonly blobs: BlobStore;
  readonly open: Segments['open'];
  /** Milliseconds since 1970 UTC: entries of which any time is from `since` on, and before `until`. */
  readonly since?: number;
  readonly until?: number;
  readonly signal?: AbortSignal;
};

/**
 * Finds records by a question that no index answers. Reads the whole log, and holds what is meant alone.
 *
 * @param isMeant says so of an intent and of its result alike.
 * @throws SignwrightError `verification` where the log does not hold; `unreachable`; `cancelled`.
 */
export async function scanLog(isMeant: (record: ReadRecord['record']) => boolean, options: ScanOptions): Promise<Scanned> {
  const { reader, blobs, open, since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY, signal } = options;
  const meant: LogEntry[] = [];
  for await (const { index, id, record } of readEntries(reader, 0, reader.size, signal)) {
    if (isMeant(record)) meant.push({ index, id, record });
  }
  const unreadable: string[] = [];
  let index = reader.size;
  const take = (bytes: Uint8Array): void => {
    const read = readRecord(bytes);
    if (isMeant(read.record)) meant.push({ index, ...read });
    index++;
  };
  await readWaiting(take, { blobs, open, from: reader.next, refused: (where, why) => unreadable.push(`${where} ${why}`) });
  const within = (entry: JoinedEntry): boolean => {
    const span = spanOf(entry);
    return span === undefined || (span.last >= since && span.first < until);
  };
  const entries = joinEntries(meant).filter(within);
  return { entries: entries.map((entry) => (entry.index < reader.size ? entry : { ...entry, waits: true })), unreadable };
}
