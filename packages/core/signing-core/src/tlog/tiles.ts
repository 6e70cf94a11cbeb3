/** Hashes in a full tile, and entries in a full bundle (C2SP tlog-tiles). */
export const TILE_WIDTH = 256;

/** Where C2SP tlog-tiles keeps a tile: `tile/0/x001/234`, and `tile/0/x001/234.p/17` with a `width` below 256. */
export function tilePath(level: number, index: number, width: number = TILE_WIDTH): string {
  if (!Number.isInteger(level) || level < 0 || level > 63) throw new RangeError(`a tile of level ${level}`);
  return `tile/${level}/${place(index, width)}`;
}

/** Where C2SP tlog-tiles keeps the entries of a tile of level 0: `tile/entries/x001/234`, `tile/entries/x001/234.p/17`. */
export function entriesPath(index: number, width: number = TILE_WIDTH): string {
  return `tile/entries/${place(index, width)}`;
}

function place(index: number, width: number): string {
  if (!Number.isSafeInteger(index) || index < 0) throw new RangeError(`a tile of index ${index}`);
  if (!Number.isInteger(width) || width < 1 || width > TILE_WIDTH) throw new RangeError(`a tile of width ${width}`);
  let path = threeDigits(index % 1000);
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    path = `x${threeDigits(rest % 1000)}/${path}`;
  }
  return width === TILE_WIDTH ? path : `${path}.p/${width}`;
}

function threeDigits(part: number): string {
  return String(part).padStart(3, '0');
}
