import { type BlobStore, readRecord } from '@signwright/signing-core';
import type { Opened } from '../context.ts';
import { isLeftOut } from '../first-missing.ts';
import { segmentKey } from '../layout.ts';
import type { Findings } from './finding.ts';
import type { RefusalNote } from './pair-records.ts';

const MOST = 10_000;

/**
 * The segments that wait for their order, and whether one before them is missing.
 *
 * @returns what the log itself recorded in them of refused segments: the record is written before the segment counts as refused.
 */
export async function auditWaiting(
  blobs: BlobStore,
  next: number,
  open: (bytes: Uint8Array) => Promise<Opened>,
  findings: Findings,
): Promise<RefusalNote[]> {
  const notes: RefusalNote[] = [];
  let segment = next;
  let records = 0;
  for (; segment < next + MOST; segment++) {
    const blob = await blobs.get(segmentKey(segment));
    if (!blob) break;
    const opened = await open(blob.bytes);
    if ('refused' in opened) {
      findings.notice('refused-segment', segmentKey(segment), `it will not be taken: ${opened.refused}`);
      continue;
    }
    records += opened.records.length;
    for (const bytes of opened.records) {
      const { record } = readRecord(bytes);
      if (record.event === 'segment-refused') notes.push(record);
    }
  }
  if (segment > next) {
    const from = `${records} records in ${segment - next} segments wait for their order`;
    findings.notice('unordered', segmentKey(next), `${from}: run "signwright audit sequence" where the log key is`);
  }
  if (
    segment < next + MOST &&
    (await isLeftOut(segment, async (number) => (await blobs.get(segmentKey(number))) !== undefined))
  ) {
    findings.damage('segment', segmentKey(segment), 'it is missing, and later ones are there: nothing behind it is ordered');
  }
  return notes;
}
