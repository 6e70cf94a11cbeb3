import { type Sha256, SignwrightError, sha256 } from '@signwright/signing-core';
import { type LogReader, readEntries } from '../search/log-entry.ts';
import { toCloudEvent } from './cloud-event.ts';
import { jsonLine } from './json-line.ts';
import { toJsonLine } from './json-lines.ts';
import { toOcsfEvent } from './ocsf-event.ts';
import type { ExportedRecord } from './raw-record.ts';

export const EXPORT_FORMATS = ['jsonl', 'cloudevents', 'ocsf'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

const WRITERS: { readonly [format in ExportFormat]: (record: ExportedRecord) => object } = {
  jsonl: toJsonLine,
  cloudevents: toCloudEvent,
  ocsf: toOcsfEvent,
};

/** A log as it was when it was opened. */
export type LogView = {
  /** The log's name, as its checkpoints have it. */
  readonly origin: string;
  readonly reader: LogReader;
  /** The root hash of its tree, where the reader's checkpoint says it. */
  readonly root?: Uint8Array;
};

/** Where an export is: what it has taken, of which log. */
export type ExportPosition = {
  readonly origin: string;
  /** The first record that is still to be exported. */
  readonly next: number;
  /** The id of the one before it; absent where that is the beginning. */
  readonly last?: Sha256;
};

/** Lines that belong together: a sink takes all of them, or none. */
export type ExportBatch = {
  /** One JSON text a record, without a line break, in the log's order. */
  readonly lines: readonly string[];
  /** Where the export is once these are taken. */
  readonly after: ExportPosition;
};

/** Of a batch, at the most; one record alone may be larger. */
const BATCH = { lines: 500, bytes: 1024 * 1024 };

/**
 * Writes the records of a log, in order, from a position on.
 *
 * @throws SignwrightError `verification` where the log is not the one that was exported so far; `configuration` where it is another
 * by name.
 */
export async function* exportRecords(
  { origin, reader, root }: LogView,
  format: ExportFormat,
  from: ExportPosition,
  signal?: AbortSignal,
): AsyncGenerator<ExportBatch> {
  await checkPosition({ origin, reader }, from);
  const tree = root === undefined ? {} : { tree: { size: reader.size, root: Buffer.from(root).toString('hex') } };
  let lines: string[] = [];
  let bytes = 0;
  let after = from;
  for await (const entry of readEntries(reader, from.next, reader.size, signal)) {
    const line = jsonLine(WRITERS[format]({ origin, entry, bytes: entry.bytes, ...tree }));
    lines.push(line);
    bytes += line.length;
    after = { origin, next: entry.index + 1, last: entry.id };
    if (lines.length < BATCH.lines && bytes < BATCH.bytes) continue;
    yield { lines, after };
    lines = [];
    bytes = 0;
  }
  if (lines.length > 0) yield { lines, after };
}

async function checkPosition({ origin, reader }: LogView, { origin: before, next, last }: ExportPosition): Promise<void> {
  if (origin !== before) {
    throw new SignwrightError('configuration', `so far the log ${before} was exported, not ${origin}`, {
      next: 'export each log to a place of its own',
    });
  }
  if (next > reader.size) throw rewritten(`the log ${origin} has ${reader.size} records, of which ${next} were exported`);
  if (last === undefined) return;
  for await (const { bytes } of reader.records(next - 1, next)) if (sha256(bytes) === last) return;
  throw rewritten(`record ${next - 1} of the log ${origin} is another than was exported`);
}

function rewritten(what: string): SignwrightError {
  return new SignwrightError('verification', `${what}: the log was rewritten or rolled back`, {
    next: 'check it with "signwright audit verify" and against its witnesses; what was exported is evidence, keep it',
  });
}
