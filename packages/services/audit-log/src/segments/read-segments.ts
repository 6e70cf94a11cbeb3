import { type BlobStore, recordsIn, type Sha256, SignwrightError, sha256 } from '@signwright/signing-core';
import type { Opened } from '../context.ts';
import { damaged } from '../damaged.ts';
import { segmentKey } from '../layout.ts';
import { sequencedIn, type Tail } from '../order/tail.ts';

/** A segment as it is in the store. */
export type Segment = { readonly number: number; readonly digest: Sha256; readonly size: number; readonly opened: Opened };

/** Reads segments, each once where it can: they are written once. */
export type SegmentReader = {
  /** Opens a segment: who signed it is asked, by today's policy. */
  read(number: number): Promise<Segment | undefined>;
  /**
   * Reads a segment that the log has ordered. Who signed it was asked then; a signer that is not trusted any more takes nothing out of
   * the log. Whoever reads it holds its records against what the log signed.
   */
  readOrdered(number: number): Promise<Segment | undefined>;
  /** Takes a segment that was just written here. */
  keep(number: number, bytes: Uint8Array, records: readonly Uint8Array[]): void;
};

/** Bytes of segments that are kept in memory, and that one round takes. */
const KEPT = 32 * 1024 * 1024;
const MOST_SEGMENTS = 512;
const MOST_RECORDS = 65_536;
const LANES = 8;

/** @param open tells a segment's records, or why it is refused. */
export function segmentReader(blobs: BlobStore, open: (bytes: Uint8Array) => Promise<Opened>): SegmentReader {
  const kept = new Map<number, Segment>();
  let weight = 0;

  function keep(segment: Segment): Segment {
    if (kept.has(segment.number)) return segment;
    kept.set(segment.number, segment);
    weight += segment.size;
    for (const [number, old] of kept) {
      if (weight <= KEPT) break;
      kept.delete(number);
      weight -= old.size;
    }
    return segment;
  }

  return {
    async read(number) {
      const known = kept.get(number);
      if (known) return known;
      const blob = await blobs.get(segmentKey(number));
      if (!blob) return undefined;
      const { bytes } = blob;
      return keep({ number, digest: sha256(bytes), size: bytes.length, opened: await open(bytes) });
    },
    async readOrdered(number) {
      const known = kept.get(number);
      if (known && 'records' in known.opened) return known;
      const blob = await blobs.get(segmentKey(number));
      if (!blob) return undefined;
      const { bytes } = blob;
      return { number, digest: sha256(bytes), size: bytes.length, opened: unverified(bytes) };
    },
    keep(number, bytes, records) {
      keep({ number, digest: sha256(bytes), size: bytes.length, opened: { records, by: 'this process' } });
    },
  };
}

/** The records of a segment, whoever signed it. */
function unverified(bytes: Uint8Array): Opened {
  try {
    return { records: recordsIn(bytes), by: 'not verified' };
  } catch (error) {
    if (error instanceof SignwrightError && error.code === 'invalid-input') return { refused: error.message };
    throw error;
  }
}

/** The segments from a number on until one is missing, as many as one round takes. */
export async function newSegments(reader: SegmentReader, from: number): Promise<Segment[]> {
  const segments: Segment[] = [];
  let [bytes, records] = [0, 0];
  for (let lanes = 1; segments.length < MOST_SEGMENTS && records < MOST_RECORDS; lanes = Math.min(lanes * 2, LANES)) {
    const first = from + segments.length;
    const read = await Promise.all(Array.from({ length: lanes }, (_, i) => reader.read(first + i)));
    for (const segment of read) {
      if (!segment || bytes + segment.size > KEPT) {
        if (segments.length > 0 || !segment) return segments;
      }
      bytes += segment.size;
      records += 'refused' in segment.opened ? 0 : segment.opened.records.length;
      segments.push(segment);
    }
  }
  return segments;
}

/**
 * Records of the log, out of the segments that a tail accounts for.
 *
 * @param from index of the first, and `to` of the one behind the last.
 * @throws SignwrightError `verification` where a segment is not what it was ordered as.
 */
export async function tailRecords(reader: SegmentReader, tail: Tail, from: number, to: number): Promise<Uint8Array[]> {
  const records: Uint8Array[] = [];
  for (const { segment, index, count } of sequencedIn(tail)) {
    if (count === 0 || index + count <= from || index >= to) continue;
    const read = await reader.readOrdered(segment);
    if (!read) throw damaged(segmentKey(segment), `it is missing; it holds the records from ${index}`);
    if ('refused' in read.opened) throw damaged(segmentKey(segment), `it was ordered, and is none: ${read.opened.refused}`);
    const found = read.opened.records;
    if (found.length !== count) throw damaged(segmentKey(segment), `it has ${found.length} records, and was ordered as ${count}`);
    records.push(...found.slice(Math.max(0, from - index), to - index));
  }
  return records;
}
