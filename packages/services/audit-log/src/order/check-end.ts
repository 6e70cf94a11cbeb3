import { leafHash } from '@signwright/signing-core';
import { damaged } from '../damaged.ts';
import { HEAD, segmentKey } from '../layout.ts';
import type { SegmentReader } from '../segments/read-segments.ts';
import type { Head } from './head.ts';
import { sequencedIn } from './tail.ts';

/**
 * Holds what a head says of its newest segments, which nobody signed, against them, back to the last one with records: a head with
 * another `next` would have the sequencer leave records out, or take them twice.
 *
 * @throws SignwrightError `verification`.
 */
export async function checkEnd(head: Head, reader: SegmentReader): Promise<void> {
  for (const { segment, count } of [...sequencedIn(head.tail)].reverse()) {
    // A segment that nothing was taken of must be one that is refused; what was taken is held against the leaves.
    const read = await (count === 0 ? reader.read(segment) : reader.readOrdered(segment));
    if (!read) throw damaged(HEAD, `it accounts for ${segmentKey(segment)}, which is missing`);
    const { opened } = read;
    const found = 'refused' in opened ? 0 : opened.records.length;
    if (found !== count) throw damaged(HEAD, `it says that ${segmentKey(segment)} has ${count} records; it has ${found}`);
    if ('refused' in opened) continue;
    const newest = head.edge[0]?.slice(-count) ?? [];
    const leaves = opened.records.slice(-newest.length).map(leafHash);
    if (newest.length > 0 && !newest.every((hash, i) => hash.equals(leaves[i] as Buffer))) {
      throw damaged(HEAD, `its newest records are not those of ${segmentKey(segment)}`);
    }
    return;
  }
}
