import { type BlobStore, type HashReader, leafHash, TILE_WIDTH, tilePath } from '@signwright/signing-core';
import { damaged } from '../damaged.ts';
import type { Head } from '../order/head.ts';
import { type SegmentReader, tailRecords } from '../segments/read-segments.ts';
import { countAt, hashesOver, subtreeRoot, type TileReader } from './edge.ts';

/** Tiles kept in memory: 8 KiB each. */
const KEPT = 512;

/**
 * Reads the tiles of a log's tree, each held against the tile above it up to the edge of the head, so that what comes out is what the
 * log signed. Tiles that a writer has not come to write yet are made from the segments.
 *
 * Its tiles throw SignwrightError `verification` where one is missing or was changed.
 */
export function tileReader(blobs: BlobStore, head: Head, reader: SegmentReader): TileReader {
  const kept = new Map<string, Promise<readonly Buffer[]>>();

  async function tile(level: number, index: number): Promise<readonly Buffer[]> {
    if (index === countAt(level + 1, head.size)) return head.edge[level] ?? [];
    const key = `${level} ${index}`;
    const known = kept.get(key);
    if (known) return known;
    const read = full(level, index);
    kept.set(key, read);
    read.catch(() => kept.delete(key));
    for (const old of kept.keys()) {
      if (kept.size <= KEPT) break;
      kept.delete(old);
    }
    return read;
  }

  async function full(level: number, index: number): Promise<readonly Buffer[]> {
    const key = tilePath(level, index);
    const blob = await blobs.get(key);
    if (blob && blob.bytes.length !== TILE_WIDTH * 32) throw damaged(key, 'it is no full tile');
    const hashes = blob ? hashesIn(blob.bytes) : await unwritten(level, index);
    const above = await tile(level + 1, Math.floor(index / TILE_WIDTH));
    if (!above[index % TILE_WIDTH]?.equals(subtreeRoot(hashes))) throw damaged(key, 'it is not what the log signed');
    return hashes;
  }

  async function unwritten(level: number, index: number): Promise<readonly Buffer[]> {
    const width = TILE_WIDTH ** (level + 1);
    if ((index + 1) * width <= head.tiles * TILE_WIDTH) throw damaged(tilePath(level, index), 'it is missing');
    const from = index * width;
    if (level === 0) return (await tailRecords(reader, head.tail, from, from + width)).map(leafHash);
    // The root of each tile below: those, too, are not held against this one, which they make.
    return Promise.all(Array.from({ length: TILE_WIDTH }, (_, i) => below(level - 1, index * TILE_WIDTH + i)));
  }

  async function below(level: number, index: number): Promise<Buffer> {
    const blob = await blobs.get(tilePath(level, index));
    return subtreeRoot(blob?.bytes.length === TILE_WIDTH * 32 ? hashesIn(blob.bytes) : await unwritten(level, index));
  }

  return tile;
}

/** Reads hashes of the tree of a head. */
export function treeReader(blobs: BlobStore, head: Head, reader: SegmentReader): HashReader {
  return hashesOver(tileReader(blobs, head, reader));
}

/** The hashes in a tile's bytes. */
export function hashesIn(bytes: Uint8Array): Buffer[] {
  const from = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: Math.floor(from.length / 32) }, (_, i) => from.subarray(32 * i, 32 * (i + 1)));
}
