import { type BlobStore, type Clock, readRecord, type Sha256, sha256, writeRecord } from '@signwright/signing-core';
import type { LogContext } from '../context.ts';
import { segmentKey } from '../layout.ts';
import { putSegment } from './put-segment.ts';
import type { Segment } from './read-segments.ts';

/** A segment that was not taken, and why. */
export type RefusedSegment = { readonly segment: number; readonly digest: Sha256; readonly reason: string };

const LONGEST_REASON = 2000;
const AT_ONCE = 256;

/** The segments among these that are refused. */
function refusedAmong(segments: readonly Segment[]): RefusedSegment[] {
  return segments.flatMap(({ number, digest, opened }) =>
    'refused' in opened ? [{ segment: number, digest, reason: opened.refused.slice(0, LONGEST_REASON) }] : [],
  );
}

/** Writes down, in segments of the log's own behind these, which of them are refused, unless one of them says so already. */
export async function recordRefused(
  blobs: BlobStore,
  context: LogContext,
  segments: readonly Segment[],
): Promise<RefusedSegment[]> {
  const refused = refusedAmong(segments);
  if (refused.length === 0) return refused;
  const noted = new Set(segments.flatMap(({ opened }) => ('refused' in opened ? [] : opened.records.flatMap(notesIn))));
  const unnoted = refused.filter(({ segment, digest }) => !noted.has(`${segment} ${digest}`));
  for (let at = 0; at < unnoted.length; at += AT_ONCE) {
    const records = unnoted.slice(at, at + AT_ONCE).map((one) => refusal(one, context.clock));
    const from = (segments.at(-1) as Segment).number + 1;
    await putSegment(blobs, from, await context.segments.seal(records), { retainUntil: context.retainUntil?.() });
  }
  return refused;
}

/** Fills a number that was left out, which would stop the log there for ever. @returns what the log says of it. */
export async function fillGap(blobs: BlobStore, context: LogContext, segment: number): Promise<RefusedSegment | undefined> {
  const gap = { segment, digest: sha256(''), reason: 'it was missing though later ones were there: removed, or left out' };
  const bytes = await context.segments.seal([refusal(gap, context.clock)]);
  return (await blobs.putIfAbsent(segmentKey(segment), bytes, context.retainUntil?.())) ? gap : undefined;
}

function refusal(refused: RefusedSegment, clock: Clock): Buffer {
  return writeRecord({ event: 'segment-refused', time: clock.now().toISOString(), ...refused });
}

function notesIn(bytes: Uint8Array): string[] {
  // Nearly no record is one, and reading them all strictly would cost more than ordering them does.
  if (!Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes('"segment-refused"')) return [];
  const { record } = readRecord(bytes);
  return record.event === 'segment-refused' ? [`${record.segment} ${record.digest}`] : [];
}
