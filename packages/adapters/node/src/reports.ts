import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';

/** The files of reports as they were before a run: what is the same after it is an earlier step's. */
export type Before = ReadonlyMap<string, string>;

const RESULT = 'result.json';

/** @param directories absolute paths, of which the run writes into one. */
export function lookBefore(directories: readonly string[]): Before {
  return new Map(directories.map((directory) => [directory, stampOf(directory)]));
}

/** The one of the directories that the run wrote its result into. */
export function writtenSince(before: Before): string | undefined {
  return [...before].find(([directory, stamp]) => !['', stamp].includes(stampOf(directory)))?.[0];
}

function stampOf(directory: string): string {
  const stat = lstatSync(join(directory, RESULT), { bigint: true, throwIfNoEntry: false });
  return stat?.isFile() ? `${stat.ino} ${stat.mtimeNs} ${stat.ctimeNs}` : '';
}

/**
 * The text of a report.
 *
 * @param most bytes; what is longer is given up to there.
 * @returns nothing where there is none, or something else than a file is in its place.
 */
export function readReport(directory: string, name: string, most: number): { text: string; whole: boolean } | undefined {
  let file: number;
  try {
    // Without NONBLOCK a pipe somebody put there would never open.
    file = openSync(join(directory, name), constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch {
    return undefined;
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) return undefined;
    const bytes = Buffer.alloc(Math.min(stat.size, most));
    let read = 0;
    for (let got = -1; read < bytes.length && got !== 0; read += got)
      got = readSync(file, bytes, read, bytes.length - read, read);
    return { text: bytes.subarray(0, read).toString('utf8'), whole: stat.size <= most };
  } finally {
    closeSync(file);
  }
}
