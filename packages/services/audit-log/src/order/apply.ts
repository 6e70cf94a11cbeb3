import {
  type BlobStore,
  canonicalDigest,
  canonicalJson,
  encodeEntries,
  entriesPath,
  inParallel,
  leafHash,
  TILE_WIDTH,
  tilePath,
} from '@signwright/signing-core';
import { damaged } from '../damaged.ts';
import { GROUP_WIDTH, groupKey } from '../layout.ts';
import { type SegmentReader, tailRecords } from '../segments/read-segments.ts';
import { countAt, subtreeRoot } from '../tree/edge.ts';
import type { Head } from './head.ts';
import { sequencedIn } from './tail.ts';

type Write = { readonly key: string; readonly bytes: Buffer };

const LANES = 4;
const GROUP_TYPE = 'https://signwright.dev/log-group/v1';

/**
 * Writes the full tiles and groups that follow a head, unless they are there: what they are the head says, so that whoever loads it
 * next can do it for a writer that died. The one written last says that all are.
 *
 * @throws SignwrightError `verification` where other bytes are in the place of one, or the segments are not what was ordered.
 */
export async function applyHead(blobs: BlobStore, head: Head, reader: SegmentReader, retainUntil?: Date): Promise<void> {
  if (await isApplied(blobs, head)) return;
  const lastKey = lastOf(head);
  const writes = [...(await fullTiles(blobs, head, reader)), ...fullGroups(head)];
  const last = writes.filter(({ key }) => key === lastKey);
  await inParallel(
    writes.filter(({ key }) => key !== lastKey),
    LANES,
    (write) => putSame(blobs, write, retainUntil),
  );
  for (const write of last) await putSame(blobs, write, retainUntil);
}

/** Whether all that follows a head is written. */
export async function isApplied(blobs: BlobStore, head: Head): Promise<boolean> {
  const lastKey = lastOf(head);
  return lastKey === undefined || (await blobs.get(lastKey)) !== undefined;
}

/** What is written last for a head; `undefined` where nothing is. */
function lastOf({ size, tiles, next, groups }: Head): string | undefined {
  const full = countAt(1, size);
  if (full > tiles) return tilePath(0, full - 1);
  const fullGroup = Math.floor(next / GROUP_WIDTH);
  return fullGroup > groups ? groupKey(fullGroup - 1) : undefined;
}

async function putSame(blobs: BlobStore, { key, bytes }: Write, retainUntil: Date | undefined): Promise<void> {
  if (await blobs.putIfAbsent(key, bytes, retainUntil)) return;
  const found = await blobs.get(key);
  if (!found || Buffer.compare(found.bytes, bytes) !== 0) throw damaged(key, 'other bytes are there than the log has');
}

/** The account of a group's segments: where the first one's records begin in the log, and how many each has. */
export function writeGroup(first: number, counts: readonly number[]): Buffer {
  const content = { type: GROUP_TYPE, first, counts };
  return Buffer.from(canonicalJson({ ...content, digest: canonicalDigest(content) }));
}

function fullGroups({ groups, next, tail }: Head): Write[] {
  const sequenced = [...sequencedIn(tail)];
  return Array.from({ length: Math.floor(next / GROUP_WIDTH) - groups }, (_, i) => {
    const group = groups + i;
    const inside = sequenced.filter(({ segment }) => Math.floor(segment / GROUP_WIDTH) === group);
    return {
      key: groupKey(group),
      bytes: writeGroup(
        inside[0]?.index ?? 0,
        inside.map(({ count }) => count),
      ),
    };
  });
}

/** The tiles that became full with a head, held against its edge, from the leaves up. */
async function fullTiles(blobs: BlobStore, head: Head, reader: SegmentReader): Promise<Write[]> {
  const { size, tiles } = head;
  if (countAt(1, size) === tiles) return [];
  const records = await tailRecords(reader, head.tail, tiles * TILE_WIDTH, countAt(1, size) * TILE_WIDTH);
  const writes: Write[] = [];
  const roots = new Map<string, Buffer>();
  for (let level = 0; countAt(level + 1, size) > countAt(level, tiles); level++) {
    for (let index = countAt(level, tiles); index < countAt(level + 1, size); index++) {
      const hashes =
        level === 0
          ? slice(records, index - tiles).map(leafHash)
          : await Promise.all(
              children(index).map(async (child) => roots.get(`${level - 1} ${child}`) ?? rootInStore(blobs, level - 1, child)),
            );
      const root = subtreeRoot(hashes);
      roots.set(`${level} ${index}`, root);
      if (index >= countAt(level + 2, size) * TILE_WIDTH && !head.edge[level + 1]?.[index % TILE_WIDTH]?.equals(root)) {
        throw damaged(tilePath(level, index), 'the segments are not what was ordered');
      }
      writes.push({ key: tilePath(level, index), bytes: Buffer.concat(hashes) });
      if (level === 0) writes.push({ key: entriesPath(index), bytes: encodeEntries(slice(records, index - tiles)) });
    }
  }
  return writes;
}

function slice(records: readonly Uint8Array[], tile: number): readonly Uint8Array[] {
  return records.slice(tile * TILE_WIDTH, (tile + 1) * TILE_WIDTH);
}

function children(index: number): number[] {
  return Array.from({ length: TILE_WIDTH }, (_, i) => index * TILE_WIDTH + i);
}

async function rootInStore(blobs: BlobStore, level: number, index: number): Promise<Buffer> {
  const key = tilePath(level, index);
  const blob = await blobs.get(key);
  if (blob?.bytes.length !== TILE_WIDTH * 32) throw damaged(key, blob ? 'it is no full tile' : 'it is missing');
  const bytes = Buffer.from(blob.bytes);
  return subtreeRoot(Array.from({ length: TILE_WIDTH }, (_, i) => bytes.subarray(32 * i, 32 * (i + 1))));
}
