import {
  type BlobStore,
  encodeEntries,
  entriesPath,
  inParallel,
  leafHash,
  openCheckpoint,
  TILE_WIDTH,
  tilePath,
  type VerifierKey,
} from '@signwright/signing-core';
import { damaged } from '../damaged.ts';
import { CHECKPOINT, segmentKey } from '../layout.ts';
import { type SegmentReader, tailRecords } from '../segments/read-segments.ts';
import { countAt } from '../tree/edge.ts';
import type { Head } from './head.ts';

const LANES = 4;

/**
 * Publishes a head for outsiders (C2SP tlog-tiles): its partial tiles, then its checkpoint. Its full tiles are written. Our own
 * readers do not need what this writes.
 *
 * @throws SignwrightError `verification` where a checkpoint is published that the head contradicts.
 */
export async function publishHead(
  blobs: BlobStore,
  keys: readonly VerifierKey[],
  head: Head,
  reader: SegmentReader,
): Promise<void> {
  if (!head.checkpoint || (await isPublished(blobs, keys, head))) return;
  await inParallel(await partialTiles(head, reader), LANES, async ({ key, bytes }) => {
    if (await blobs.putIfAbsent(key, bytes)) return;
    const found = await blobs.get(key);
    if (!found || Buffer.compare(found.bytes, bytes) !== 0) throw damaged(key, 'other bytes are there than the log has');
  });
  for (;;) {
    const blob = await blobs.get(CHECKPOINT);
    const size = blob && openCheckpoint(blob.bytes, keys, CHECKPOINT).size;
    if (blob && size !== undefined && (size > head.size || (size === head.size && isSame(blob.bytes, head.checkpoint)))) return;
    if ((await blobs.compareAndSwap(CHECKPOINT, blob?.version, head.checkpoint)) !== undefined) return;
  }
}

async function isPublished(blobs: BlobStore, keys: readonly VerifierKey[], head: Head): Promise<boolean> {
  const blob = await blobs.get(CHECKPOINT);
  if (!blob) return false;
  const { size, root } = openCheckpoint(blob.bytes, keys, CHECKPOINT);
  if (size === head.size && !root.equals(head.root)) {
    throw damaged(CHECKPOINT, `it has another root than the log for the same ${size} records`);
  }
  return size > head.size || (size === head.size && isSame(blob.bytes, head.checkpoint));
}

/** Another key of the log may have signed the same anew. */
function isSame(published: Uint8Array, checkpoint: Uint8Array | undefined): boolean {
  return checkpoint !== undefined && Buffer.compare(published, checkpoint) === 0;
}

/** The tiles of a tree's right edge, with the entries of the lowest. */
async function partialTiles({ size, edge, tail }: Head, reader: SegmentReader): Promise<{ key: string; bytes: Buffer }[]> {
  const tiles = edge.flatMap((hashes, level) =>
    hashes.length === 0 ? [] : [{ key: tilePath(level, countAt(level + 1, size), hashes.length), bytes: Buffer.concat(hashes) }],
  );
  const width = size % TILE_WIDTH;
  if (width === 0) return tiles;
  const records = await tailRecords(reader, tail, size - width, size);
  if (!records.every((record, i) => edge[0]?.[i]?.equals(leafHash(record)))) {
    throw damaged(segmentKey(tail.segment), 'the newest segments are not what was ordered');
  }
  return [{ key: entriesPath(countAt(1, size), width), bytes: encodeEntries(records) }, ...tiles];
}
