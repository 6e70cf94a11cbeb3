import { leafHash, type Signer, signNote, TILE_WIDTH, writeCheckpoint, writeNote } from '@signwright/signing-core';
import { GROUP_WIDTH } from '../layout.ts';
import type { Segment } from '../segments/read-segments.ts';
import { growingTree } from '../tree/edge.ts';
import type { Head } from './head.ts';
import { trimTail } from './tail.ts';

/** The head after these segments, which begin at the old one's `next`, with a checkpoint signed by the log key. */
export async function orderSegments(head: Head, segments: readonly Segment[], origin: string, signer: Signer): Promise<Head> {
  const tree = growingTree(head.edge, head.size);
  const counts: number[] = [];
  for (const { opened } of segments) {
    const records = 'refused' in opened ? [] : opened.records;
    for (const record of records) tree.add(leafHash(record));
    counts.push(records.length);
  }
  const [size, root] = [tree.size(), await tree.root()];
  const checkpoint = writeNote(await signNote(writeCheckpoint({ origin, size, root }), origin, signer));
  const tiles = Math.floor(head.size / TILE_WIDTH);
  const groups = Math.floor(head.next / GROUP_WIDTH);
  const tail = trimTail({ ...head.tail, counts: [...head.tail.counts, ...counts] }, groups * GROUP_WIDTH, tiles * TILE_WIDTH);
  return { size, root, checkpoint, edge: tree.edge(), next: head.next + segments.length, tiles, groups, tail };
}
