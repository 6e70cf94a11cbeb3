import { type BlobStore, encodeEntries, entriesPath, inParallel, TILE_WIDTH, tilePath } from '@signwright/signing-core';
import { CHECKPOINT } from '../layout.ts';
import type { Head } from '../order/head.ts';
import { countAt, type FullTile, type GrowingTree, growingTree } from '../tree/edge.ts';
import type { AuditedTile } from './audited-tiles.ts';
import type { DueCheckpoint } from './due-checkpoints.ts';
import type { Findings } from './finding.ts';

const LANES = 8;

/**
 * Grows the tree over the records again, and compares with it every tile, full and published, and every checkpoint that somebody saw.
 *
 * @returns passes the tiles on.
 */
export async function* auditTree(
  blobs: BlobStore,
  head: Head,
  tiles: AsyncGenerator<AuditedTile>,
  due: readonly DueCheckpoint[],
  findings: Findings,
): AsyncGenerator<AuditedTile> {
  const tree = growingTree();
  const open = new Map<number, DueCheckpoint[]>();
  for (const one of due) {
    open.set(one.size, [...(open.get(one.size) ?? []), one]);
    if (one.size > head.size)
      findings.damage('rollback', one.place, `it is of ${one.size} records, and the log has ${head.size}: it was rolled back`);
  }
  await compareRoots(tree, open.get(0), findings);
  const published = due.find(({ place }) => place === CHECKPOINT)?.size;
  let atBoundary = false;
  for await (const tile of tiles) {
    const first = tree.size();
    const inside = published !== undefined && first <= published && published < first + TILE_WIDTH;
    if (atBoundary || tile.boundaries.length > 0) await auditUpper(blobs, tree, inside, findings);
    await auditLowest(blobs, tile, published, findings);
    for (const leaf of tile.leaves) {
      const full = tree.add(leaf);
      await compareRoots(tree, open.get(tree.size()), findings);
      await auditFull(blobs, head, full, findings);
    }
    atBoundary = tile.boundaries.includes(tree.size());
    yield tile;
  }
  if (tree.size() % TILE_WIDTH === 0) await auditUpper(blobs, tree, published === tree.size(), findings);
  if (!(await tree.root()).equals(head.root))
    findings.damage('head', 'head', 'its records do not lead to the root of its checkpoint');
}

async function compareRoots(tree: GrowingTree, due: readonly DueCheckpoint[] | undefined, findings: Findings): Promise<void> {
  if (!due) return;
  const root = await tree.root();
  for (const { place, size, ...seen } of due) {
    if (!seen.root.equals(root))
      findings.damage('split-view', place, `it has another root than the log has for its first ${size} records`);
  }
}

/** The tiles of level 1 and above; those of level 0 were compared with entries and segments. */
async function auditFull(blobs: BlobStore, head: Head, full: readonly FullTile[], findings: Findings): Promise<void> {
  for (const { level, index, hashes } of full.slice(1)) {
    const key = tilePath(level, index);
    const blob = await blobs.get(key);
    if (blob && Buffer.compare(blob.bytes, Buffer.concat(hashes)) !== 0)
      findings.damage('tile', key, 'it is not made of the tiles below it');
    else if (!blob && index < countAt(level, head.tiles)) findings.damage('tile', key, 'it is missing');
  }
}

type Partial = { readonly key: string; readonly bytes: Buffer | undefined; readonly needed: boolean };

/** What was published of a tile of level 0 while it was not full: possibly at each end of a segment. */
async function auditLowest(
  blobs: BlobStore,
  { index, leaves, records, boundaries }: AuditedTile,
  published: number | undefined,
  findings: Findings,
): Promise<void> {
  const known = records.indexOf(undefined);
  const partials = boundaries.flatMap((size): Partial[] => {
    const width = size - index * TILE_WIDTH;
    if (width === TILE_WIDTH) return [];
    const entries = known < 0 || known >= width ? encodeEntries(records.slice(0, width) as Uint8Array[]) : undefined;
    const needed = size === published;
    return [
      { key: tilePath(0, index, width), bytes: Buffer.concat(leaves.slice(0, width)), needed },
      { key: entriesPath(index, width), bytes: entries, needed },
    ];
  });
  await comparePartials(blobs, partials, findings);
}

/** What was published of the tiles above level 0. */
async function auditUpper(blobs: BlobStore, tree: GrowingTree, needed: boolean, findings: Findings): Promise<void> {
  const partials = tree
    .edge()
    .flatMap((hashes, level): Partial[] =>
      level === 0 || hashes.length === 0
        ? []
        : [{ key: tilePath(level, countAt(level + 1, tree.size()), hashes.length), bytes: Buffer.concat(hashes), needed }],
    );
  await comparePartials(blobs, partials, findings);
}

async function comparePartials(blobs: BlobStore, partials: readonly Partial[], findings: Findings): Promise<void> {
  await inParallel(partials, LANES, async ({ key, bytes, needed }) => {
    const blob = await blobs.get(key);
    const code = key.startsWith('tile/entries') ? 'entries' : 'tile';
    if (blob && bytes && Buffer.compare(blob.bytes, bytes) !== 0) findings.damage(code, key, 'it is not what the log has');
    if (!blob && needed) findings.damage(code, key, 'it is missing, and the published checkpoint needs it');
  });
}
