/*
 * The part of POSIX ustar that an archive is made of: regular files with short names, everything else about them fixed. So a header
 * has one encoding for a name and a size, and a reader compares bytes where others interpret them.
 */
export const BLOCK = 512;

/** What ends an archive: two empty blocks. */
export const END: Uint8Array = new Uint8Array(2 * BLOCK);

const MAX_PATH = 100;
const MAX_SIZE = 0o77777777777;
/** 1980-01-01T00:00:00Z: some tools doubt earlier times. */
const MTIME = 315_532_800;

/** The header of a member: mode 0644, owner 0, 1980-01-01. `path` is ASCII, 100 characters at the most. */
export function headerOf(path: string, size: number): Buffer {
  if (path.length > MAX_PATH || size > MAX_SIZE) throw new RangeError('not a member of an archive');
  const header = Buffer.alloc(BLOCK);
  const number = (value: number, at: number, digits: number): void => {
    header.write(`${value.toString(8).padStart(digits, '0')}\0`, at, 'latin1');
  };
  header.write(path, 0, 'latin1');
  number(0o644, 100, 7);
  number(0, 108, 7);
  number(0, 116, 7);
  number(size, 124, 11);
  number(MTIME, 136, 11);
  header.write('        0', 148, 'latin1');
  header.write('ustar\u000000', 257, 'latin1');
  number(0, 329, 7);
  number(0, 337, 7);
  number(
    header.reduce((sum, byte) => sum + byte, 0),
    148,
    6,
  );
  return header;
}

/** The size a header says, or `undefined` where it is no number. The header is then to be compared with what it must be. */
export function sizeIn(header: Buffer): number | undefined {
  const text = header.subarray(124, 136).toString('latin1');
  return /^[0-7]{11}\0$/.test(text) ? Number.parseInt(text, 8) : undefined;
}

/** Bytes from a member's end to the next header. */
export function paddingOf(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

/** Bytes a member takes, its header included. */
export function lengthOf(size: number): number {
  return BLOCK + size + paddingOf(size);
}
