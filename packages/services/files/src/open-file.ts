import * as fs from 'node:fs';
import { promisify } from 'node:util';

/** What tells whether a file is the same and has not been written to. */
export type FileState = {
  regular: boolean;
  size: number;
  mode: number;
  uid: number;
  mtimeNs: bigint;
  ctimeNs: bigint;
  inode: bigint;
  device: bigint;
};

// Bare descriptors instead of FileHandle: half the cost a call, which thousands of small files feel.
export const open: (path: string, flags: number) => Promise<number> = promisify<string, number, number>(fs.open);
export const close: (file: number) => Promise<void> = promisify(fs.close);
const fstat: (file: number, options: { bigint: true }) => Promise<fs.BigIntStats> = promisify(fs.fstat);
const stat: (path: string, options: { bigint: true }) => Promise<fs.BigIntStats> = promisify(fs.stat);

/** Reads up to `length` bytes at `position` into `buffer` at `offset`; 0 at the end of the file. */
export function read(file: number, buffer: Buffer, offset: number, length: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.read(file, buffer, offset, length, position, (error, count) => (error === null ? resolve(count) : reject(error)));
  });
}

/** The state of the open file. */
export async function inspect(file: number): Promise<FileState> {
  return stateOf(await fstat(file, { bigint: true }));
}

/** The state of what the path names now. */
export async function stateAt(path: string): Promise<FileState> {
  return stateOf(await stat(path, { bigint: true }));
}

export function sameState(a: FileState, b: FileState): boolean {
  return a.inode === b.inode && a.device === b.device && a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs;
}

function stateOf(stats: fs.BigIntStats): FileState {
  return {
    regular: stats.isFile(),
    size: Number(stats.size),
    mode: Number(stats.mode),
    uid: Number(stats.uid),
    mtimeNs: stats.mtimeNs,
    ctimeNs: stats.ctimeNs,
    inode: stats.ino,
    device: stats.dev,
  };
}
