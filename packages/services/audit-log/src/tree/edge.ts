import { type HashReader, nodeHash, TILE_WIDTH, treeRoot } from '@signwright/signing-core';

/** The right edge of a tree: of each tile level, the hashes of its last, partial tile (0 to 255). */
export type Edge = readonly (readonly Buffer[])[];

/** A full tile: 256 hashes of level 8 · `level`. */
export type FullTile = { readonly level: number; readonly index: number; readonly hashes: readonly Buffer[] };

/** Gives the hashes of a tile, all of a full one. */
export type TileReader = (level: number, index: number) => Promise<readonly Buffer[]>;

/** How many hashes a tree of `size` leaves has on a tile level. */
export function countAt(level: number, size: number): number {
  return Math.floor(size / TILE_WIDTH ** level);
}

/** How many hashes each partial tile of a tree of `size` leaves has, from level 0. */
export function widthsOf(size: number): number[] {
  const widths: number[] = [];
  for (let level = 0; countAt(level, size) > 0; level++) widths.push(countAt(level, size) % TILE_WIDTH);
  return widths;
}

/** A tree that leaves can be added to, of which only the right edge is kept. */
export type GrowingTree = {
  size(): number;
  edge(): Edge;
  root(): Promise<Buffer>;
  /** Adds a leaf. @returns the tiles it makes full, from level 0 up. */
  add(leaf: Buffer): FullTile[];
};

/** A tree that grows on from an edge. */
export function growingTree(from: Edge = [], fromSize = 0): GrowingTree {
  const levels = from.map((hashes) => [...hashes]);
  let size = fromSize;
  return {
    size: () => size,
    edge: () => levels.map((hashes) => [...hashes]),
    root: () => rootOf(levels, size),
    add(leaf) {
      size++;
      const full: FullTile[] = [];
      let hash: Buffer | undefined = leaf;
      for (let level = 0; hash !== undefined; level++) {
        const hashes: Buffer[] = levels[level] ?? [];
        levels[level] = hashes;
        hashes.push(hash);
        hash = undefined;
        if (hashes.length === TILE_WIDTH) {
          full.push({ level, index: countAt(level + 1, size) - 1, hashes });
          levels[level] = [];
          hash = subtreeRoot(hashes);
        }
      }
      return full;
    },
  };
}

/** The root of the tree with this edge. */
export function rootOf(edge: Edge, size: number): Promise<Buffer> {
  return treeRoot(
    size,
    hashesOver(async (level) => edge[level] ?? []),
  );
}

/** Reads any complete subtree's hash out of tiles. */
export function hashesOver(tile: TileReader): HashReader {
  return async (level, index) => {
    const width = 2 ** (level % 8);
    const tileLevel = Math.floor(level / 8);
    const hashes = await tile(tileLevel, Math.floor((index * width) / TILE_WIDTH));
    const offset = (index * width) % TILE_WIDTH;
    if (offset + width > hashes.length) throw new RangeError(`a tree without the hash ${index} of level ${level}`);
    return subtreeRoot(hashes.slice(offset, offset + width));
  };
}

/** The root over 2^n hashes. */
export function subtreeRoot(hashes: readonly Buffer[]): Buffer {
  let level = hashes;
  while (level.length > 1) {
    level = Array.from({ length: level.length / 2 }, (_, i) => nodeHash(level[2 * i] as Buffer, level[2 * i + 1] as Buffer));
  }
  return level[0] as Buffer;
}
