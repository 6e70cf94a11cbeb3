import { constants } from 'node:fs';
import { SignwrightError } from '@signwright/signing-core';
import { readingError, shown } from './file-error.ts';
import type { FileState } from './open-file.ts';
import { close, inspect, open, read } from './open-file.ts';

/**
 * Reads a whole file that must not be larger than `maxBytes`.
 *
 * @param what names the file's role in errors: "the policy", "the trust root".
 * @throws SignwrightError `configuration` where it is missing (the cause's code is ENOENT), unreadable or no regular file,
 * `invalid-input` where it is too large.
 */
export async function readBounded(path: string, maxBytes: number, what: string): Promise<Buffer> {
  return readInspected(path, maxBytes, what, () => undefined);
}

/** Reads as readBounded does, after `inspectState` has seen the open file and thrown if it does not like it. */
export async function readInspected(
  path: string,
  maxBytes: number,
  what: string,
  inspectState: (state: FileState) => void,
): Promise<Buffer> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const state = await inspect(file);
      if (!state.regular) {
        throw new SignwrightError('configuration', `${what} ${shown(path)} is not a regular file`, {
          where: shown(path),
          next: 'name a regular file',
        });
      }
      inspectState(state);
      return await readAll(file, path, state.size, maxBytes, what);
    } finally {
      await close(file);
    }
  } catch (error) {
    throw readingError(what, path, error);
  }
}

async function readAll(file: number, path: string, size: number, maxBytes: number, what: string): Promise<Buffer> {
  let buffer = Buffer.allocUnsafeSlow(Math.min(size, maxBytes) + 1);
  let length = 0;
  for (;;) {
    const count = await read(file, buffer, length, buffer.length - length, length);
    length += count;
    if (length > maxBytes) throw tooLarge(path, maxBytes, what);
    if (count === 0) return buffer.subarray(0, length);
    // What /proc and the like call empty has bytes all the same.
    if (length === buffer.length) buffer = Buffer.concat([buffer], Math.min(2 * length, maxBytes) + 1);
  }
}

function tooLarge(path: string, maxBytes: number, what: string): SignwrightError {
  return new SignwrightError('invalid-input', `${what} ${shown(path)} is larger than ${maxBytes} bytes`, {
    where: shown(path),
    next: 'check that this is the right file',
  });
}
