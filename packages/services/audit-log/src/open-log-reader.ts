import {
  type BlobStore,
  type Checkpoint,
  decodeEntries,
  entriesPath,
  type HashReader,
  type LogKey,
  leafHash,
  recordsIn,
  SignwrightError,
  TILE_WIDTH,
} from '@signwright/signing-core';
import { ahead } from './ahead.ts';
import { type Opened, originOf, type Segments } from './context.ts';
import { damaged } from './damaged.ts';
import { checkEnd } from './order/check-end.ts';
import type { Head } from './order/head.ts';
import { loadHead } from './order/load-head.ts';
import { type SegmentReader, segmentReader, tailRecords } from './segments/read-segments.ts';
import { countAt, hashesOver, subtreeRoot, type TileReader } from './tree/edge.ts';
import { tileReader } from './tree/tree-reader.ts';

/** Reads the records of a log, in order. */
export type LogReader = {
  readonly size: number;
  /**
   * Records by index, up to and not including `to`. Each is held against the log's checkpoint before it is given.
   *
   * @throws SignwrightError `verification` where one is missing or was changed.
   */
  records(from: number, to: number): AsyncIterable<{ index: number; bytes: Uint8Array }>;
};

/** A log as it was when it was opened; what is ordered later, it does not see. */
export type OpenLogReader = LogReader & {
  readonly checkpoint: Checkpoint;
  /** The checkpoint as the log signed it; `undefined` where it has ordered nothing yet. */
  readonly note: Uint8Array | undefined;
  /** The first segment that is not in order yet. */
  readonly next: number;
  /** Hashes of the tree, for proofs. */
  readonly hashes: HashReader;
  /**
   * Holds `next`, which nobody signed, against the segments before it: a log that says too much is in order hides what waits.
   *
   * @param open opens a segment, as whoever orders them does.
   * @throws SignwrightError `verification`.
   */
  checkEnd(open: Segments['open']): Promise<void>;
};

const LANES = 8;

export type LogReaderOptions = {
  readonly blobs: BlobStore;
  readonly keys: readonly LogKey[];
  /** When it is read: a key that counts then must have signed its newest checkpoint. Without it, any key will do. */
  readonly now?: Date;
};

/**
 * Opens a log for reading. Nothing it reads needs to be published.
 *
 * @throws SignwrightError `verification` where the head does not hold.
 */
export async function openLogReader({ blobs, keys, now }: LogReaderOptions): Promise<OpenLogReader> {
  const origin = originOf(keys);
  const { head } = await loadHead(blobs, keys, undefined, now && { now });
  const segments = segmentReader(blobs, opened);
  const tile = tileReader(blobs, head, segments);
  const { size, root, checkpoint, next } = head;

  async function* records(from: number, to: number): AsyncGenerator<{ index: number; bytes: Uint8Array }> {
    const end = Math.min(to, size);
    const tiles = ahead(Math.floor(from / TILE_WIDTH), Math.ceil(end / TILE_WIDTH), LANES, (index) =>
      recordsOfTile(blobs, head, segments, tile, index),
    );
    for await (const { index: first, records } of tiles) {
      for (const [place, bytes] of records.entries()) {
        const index = first + place;
        if (index >= from && index < end) yield { index, bytes };
      }
    }
  }

  return {
    size,
    checkpoint: { origin, size, root },
    note: checkpoint,
    next,
    hashes: hashesOver(tile),
    records,
    checkEnd: (open) => checkEnd(head, segmentReader(blobs, open)),
  };
}

/** The records are held against what the log signed, so who wrote their segment need not be asked again. */
async function opened(bytes: Uint8Array): Promise<Opened> {
  try {
    return { records: recordsIn(bytes), by: 'not verified' };
  } catch (error) {
    if (error instanceof SignwrightError && error.code === 'invalid-input') return { refused: error.message };
    throw error;
  }
}

async function recordsOfTile(
  blobs: BlobStore,
  head: Head,
  segments: SegmentReader,
  tile: TileReader,
  index: number,
): Promise<{ index: number; records: readonly Uint8Array[] }> {
  const first = index * TILE_WIDTH;
  const full = index < countAt(1, head.size);
  const key = entriesPath(index);
  const blob = full ? await blobs.get(key) : undefined;
  if (full && !blob && index < head.tiles) throw damaged(key, 'it is missing');
  const records = blob
    ? entriesIn(key, blob.bytes)
    : await tailRecords(segments, head.tail, first, Math.min(first + TILE_WIDTH, head.size));
  const leaves = records.map(leafHash);
  const holds = full
    ? leaves.length === TILE_WIDTH &&
      (await tile(1, Math.floor(index / TILE_WIDTH)))[index % TILE_WIDTH]?.equals(subtreeRoot(leaves))
    : leaves.every((leaf, i) => head.edge[0]?.[i]?.equals(leaf));
  if (!holds) throw damaged(blob ? key : `the records from ${first}`, 'they are not what the log signed');
  return { index: first, records };
}

function entriesIn(key: string, bytes: Uint8Array): Buffer[] {
  try {
    return decodeEntries(bytes);
  } catch (error) {
    throw damaged(key, (error as Error).message, undefined, error);
  }
}
