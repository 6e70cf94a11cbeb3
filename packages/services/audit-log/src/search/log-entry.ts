import { type ReadRecord, readRecord, SignwrightError } from '@signwright/signing-core';
import type { LogReader } from '../open-log-reader.ts';

export type { LogReader };

/** A record and where it stands. */
export type LogEntry = ReadRecord & { readonly index: number };

/** Reads records in order. @throws SignwrightError `verification` where the log leaves one out. */
export async function* readEntries(
  reader: LogReader,
  from: number,
  to: number,
  signal?: AbortSignal,
): AsyncGenerator<LogEntry & { readonly bytes: Uint8Array }> {
  let expected = from;
  for await (const { index, bytes } of reader.records(from, to)) {
    if (signal?.aborted) throw stopped();
    if (index !== expected || index >= to) throw leftOut(expected);
    expected++;
    yield { index, bytes, ...readRecord(bytes) };
  }
  if (expected < to) throw leftOut(expected);
}

/** How far apart two records may be to be read in one go: the log gives 256 at a time anyway. */
const NEAR = 64;

/** Reads records from anywhere in the log, neighbours in one go. */
export async function loadEntries(reader: LogReader, indices: Iterable<number>): Promise<Map<number, LogEntry>> {
  const wanted = [...new Set(indices)].sort((a, b) => a - b);
  const loaded = new Map<number, LogEntry>();
  for (let first = 0, last = 0; first < wanted.length; first = last = last + 1) {
    while (last + 1 < wanted.length && at(wanted, last + 1) - at(wanted, last) <= NEAR) last++;
    const these = new Set(wanted.slice(first, last + 1));
    let expected = at(wanted, first);
    for await (const { index, bytes } of reader.records(expected, at(wanted, last) + 1)) {
      if (index !== expected++) throw leftOut(expected - 1);
      if (these.has(index)) loaded.set(index, { index, ...readRecord(bytes) });
    }
    if (expected !== at(wanted, last) + 1) throw leftOut(expected);
  }
  return loaded;
}

function at(list: readonly number[], place: number): number {
  return list[place] as number;
}

function leftOut(index: number): SignwrightError {
  return new SignwrightError('verification', `the log does not give its record ${index}`, {
    next: 'check the log with "signwright audit verify"',
  });
}

export function stopped(): SignwrightError {
  return new SignwrightError('cancelled', 'stopped while the log was read');
}
