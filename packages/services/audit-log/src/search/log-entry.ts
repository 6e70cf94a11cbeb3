import { inParallel, type ReadRecord, readRecord, SignwrightError } from '@signwright/signing-core';
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
/** Places of the log that are read at once: its store may be far away. */
const LANES = 8;

/** Reads records from anywhere in the log, neighbours in one go. */
export async function loadEntries(reader: LogReader, indices: Iterable<number>): Promise<Map<number, LogEntry>> {
  const runs: number[][] = [];
  for (const index of [...new Set(indices)].sort((a, b) => a - b)) {
    const run = runs.at(-1);
    if (run !== undefined && index - (run.at(-1) as number) <= NEAR) run.push(index);
    else runs.push([index]);
  }
  const loaded = await inParallel(runs, LANES, (run) => loadRun(reader, run));
  return new Map(loaded.flat().map((entry) => [entry.index, entry]));
}

async function loadRun(reader: LogReader, wanted: readonly number[]): Promise<LogEntry[]> {
  const these = new Set(wanted);
  const entries: LogEntry[] = [];
  let expected = wanted[0] as number;
  const end = (wanted.at(-1) as number) + 1;
  for await (const { index, bytes } of reader.records(expected, end)) {
    if (index !== expected) throw leftOut(expected);
    expected++;
    if (these.has(index)) entries.push({ index, ...readRecord(bytes) });
  }
  if (expected !== end) throw leftOut(expected);
  return entries;
}

function leftOut(index: number): SignwrightError {
  return new SignwrightError('verification', `the log does not give its record ${index}`, {
    next: 'check the log with "signwright audit verify"',
  });
}

export function stopped(): SignwrightError {
  return new SignwrightError('cancelled', 'stopped while the log was read');
}
