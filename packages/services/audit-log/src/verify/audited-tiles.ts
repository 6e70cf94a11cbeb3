import {
  type BlobStore,
  decodeEntries,
  entriesPath,
  leafHash,
  SignwrightError,
  TILE_WIDTH,
  tilePath,
} from '@signwright/signing-core';
import { ahead } from '../ahead.ts';
import { segmentKey } from '../layout.ts';
import type { Head } from '../order/head.ts';
import { countAt } from '../tree/edge.ts';
import { hashesIn } from '../tree/tree-reader.ts';
import type { AuditedSegment } from './audited-segments.ts';
import type { Findings } from './finding.ts';

/** The records of one tile of level 0, as most of what the log says of them has it. */
export type AuditedTile = {
  readonly index: number;
  readonly leaves: readonly Buffer[];
  /** `undefined` where the record itself is lost. */
  readonly records: readonly (Uint8Array | undefined)[];
  /** Sizes of the log behind a segment, within or at the end of this tile. */
  readonly boundaries: readonly number[];
};

/** What one source says of the records of a tile. */
type Source = { readonly records?: readonly (Uint8Array | undefined)[]; readonly leaves: readonly (Buffer | undefined)[] };

const LANES = 4;

/**
 * The log's records, tile by tile, out of segments, entries and tiles: the three say the same, or what differs from the other two is
 * a finding.
 */
export async function* auditedTiles(
  blobs: BlobStore,
  head: Head,
  segments: AsyncGenerator<AuditedSegment>,
  findings: Findings,
): AsyncGenerator<AuditedTile> {
  const source = segmentSource(segments);
  for await (const { index, entries, tile } of ahead(0, Math.ceil(head.size / TILE_WIDTH), LANES, (index) =>
    readTile(blobs, head, index, findings),
  )) {
    const width = Math.min(TILE_WIDTH, head.size - index * TILE_WIDTH);
    const { places, boundaries, ...written } = await source.take(width);
    const leaves: Buffer[] = [];
    const records: (Uint8Array | undefined)[] = [];
    const blamed = new Set<string>();
    const blame = (code: 'tile' | 'entries' | 'segment', key: string, place: number): void => {
      if (blamed.has(key)) return;
      blamed.add(key);
      findings.damage(
        code,
        key,
        `its record ${place} is not what the rest of the log says (record ${index * TILE_WIDTH + leaves.length})`,
      );
    };
    for (let i = 0; i < width; i++) {
      const [fromTile, fromEntries, fromSegment] = [tile?.[i], entries?.leaves[i], written.leaves[i]];
      const leaf = mostOf(fromTile, fromEntries, fromSegment);
      if (fromTile && !fromTile.equals(leaf)) blame('tile', index < countAt(1, head.size) ? tilePath(0, index) : 'head', i);
      if (fromEntries && !fromEntries.equals(leaf)) blame('entries', entriesPath(index), i);
      if (fromSegment && !fromSegment.equals(leaf)) blame('segment', segmentKey(places[i]?.segment ?? 0), places[i]?.place ?? 0);
      leaves.push(leaf);
      records.push(
        fromEntries?.equals(leaf) ? entries?.records?.[i] : fromSegment?.equals(leaf) ? written.records[i] : undefined,
      );
    }
    yield { index, leaves, records, boundaries };
  }
}

/** What two of them say, or the first that says anything. */
function mostOf(tile: Buffer | undefined, entries: Buffer | undefined, segment: Buffer | undefined): Buffer {
  if (entries && segment?.equals(entries)) return entries;
  return tile ?? entries ?? segment ?? Buffer.alloc(32);
}

type TileRead = { readonly index: number; readonly tile: readonly Buffer[] | undefined; readonly entries: Source | undefined };

async function readTile(blobs: BlobStore, head: Head, index: number, findings: Findings): Promise<TileRead> {
  if (index === countAt(1, head.size)) return { index, tile: head.edge[0], entries: undefined };
  const keys = [tilePath(0, index), entriesPath(index)] as const;
  const [tile, entries] = await Promise.all(keys.map((key) => blobs.get(key)));
  // Those that follow the head need not be written yet.
  if (!tile && index < head.tiles) findings.damage('tile', keys[0], 'it is missing');
  if (!entries && index < head.tiles) findings.damage('entries', keys[1], 'it is missing');
  return {
    index,
    tile: tile && tileIn(keys[0], tile.bytes, findings),
    entries: entries && entriesIn(keys[1], entries.bytes, findings),
  };
}

function tileIn(key: string, bytes: Uint8Array, findings: Findings): readonly Buffer[] | undefined {
  if (bytes.length === TILE_WIDTH * 32) return hashesIn(bytes);
  findings.damage('tile', key, `it has ${bytes.length} bytes, and a full tile has ${TILE_WIDTH * 32}`);
  return undefined;
}

function entriesIn(key: string, bytes: Uint8Array, findings: Findings): Source | undefined {
  try {
    const records = decodeEntries(bytes, 'it');
    if (records.length === TILE_WIDTH) return { records, leaves: records.map(leafHash) };
    findings.damage('entries', key, `it has ${records.length} entries, and a full bundle has ${TILE_WIDTH}`);
  } catch (error) {
    if (!(error instanceof SignwrightError)) throw error;
    findings.damage('entries', key, error.message);
  }
  return undefined;
}

type Taken = {
  readonly records: (Uint8Array | undefined)[];
  readonly leaves: (Buffer | undefined)[];
  readonly places: { segment: number; place: number }[];
  readonly boundaries: number[];
};

/** Gives the records of segments in portions of a tile. */
function segmentSource(segments: AsyncGenerator<AuditedSegment>): { take(width: number): Promise<Taken> } {
  let current: AuditedSegment | undefined;
  let place = 0;
  return {
    async take(width) {
      const taken: Taken = { records: [], leaves: [], places: [], boundaries: [] };
      while (taken.leaves.length < width) {
        if (!current || place === current.count) {
          const next = await segments.next();
          if (next.done) break;
          current = next.value;
          place = 0;
          continue;
        }
        taken.records.push(current.records?.[place]);
        taken.leaves.push(current.leaves?.[place]);
        taken.places.push({ segment: current.segment, place });
        place++;
        if (place === current.count) taken.boundaries.push(current.index + place);
      }
      return taken;
    },
  };
}
