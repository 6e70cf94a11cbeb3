import { createHash, hash } from 'node:crypto';
import { constants } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { Sha256 } from '@signwright/signing-core';
import { SignwrightError } from '@signwright/signing-core';
import { codeOf, readingError, shown, throwIfCancelled } from './file-error.ts';
import type { FileState } from './open-file.ts';
import { close, inspect, open, read, sameState, stateAt } from './open-file.ts';

/** A file's digest and length in bytes: of one state of the file, that did not change while it was read. */
export type HashedFile = { path: string; digest: Sha256; size: number };
/** How far hashing has come: files done, bytes read. */
export type HashProgress = { files: number; bytes: number };
export type HashOptions = { onProgress?: (progress: HashProgress) => void; signal?: AbortSignal };

/** Up to this size a file is read in one go. */
const SMALL = 256 * 1024;
/** Larger files are read in chunks of this size, the next one while this one is hashed. */
const CHUNK = 1024 * 1024;

/** No kernel's clock for file times ticks slower. */
const TICK_MS = 20;

/** Memory one lane of hashing reuses from file to file. */
export type Buffers = { small: Buffer; large?: [Buffer, Buffer] };
export const createBuffers = (): Buffers => ({ small: Buffer.allocUnsafeSlow(SMALL + 1) });

/**
 * Hashes one file with SHA-256, streamed. A symbolic link is followed: the caller named it.
 *
 * A file that changes meanwhile is refused: size, times and inode are compared before and after, and the path must still name
 * the file that was read. (On file systems that keep times to the second only, as FAT does, a change may go unseen.)
 *
 * @throws SignwrightError `configuration` where it is missing or unreadable, `invalid-input` where it is no regular file or
 * changed, `cancelled` by the signal.
 */
export async function hashFile(path: string, options: HashOptions = {}): Promise<HashedFile> {
  let bytes = 0;
  const hashed = await hashStable(path, path, 0, createBuffers(), options.signal, (count) => {
    bytes += count;
    options.onProgress?.({ files: 0, bytes });
  });
  options.onProgress?.({ files: 1, bytes });
  return hashed;
}

/** Hashes what is at `opened` (with further open flags) and reports it as `path`. `onBytes` hears of each read. */
export async function hashStable(
  path: string,
  opened: string,
  flags: number,
  buffers: Buffers,
  signal: AbortSignal | undefined,
  onBytes: (count: number) => void,
): Promise<HashedFile> {
  throwIfCancelled(signal);
  try {
    const file = await open(opened, constants.O_RDONLY | constants.O_NONBLOCK | flags);
    try {
      const before = await inspect(file);
      if (!before.regular) throw notRegular(path);
      await outlastTick(before);
      const digest =
        before.size <= SMALL
          ? await digestSmall(file, before.size, buffers, onBytes)
          : await digestLarge(file, before.size, buffers, signal, onBytes);
      if (digest === undefined || !(await isUnchanged(opened, before))) throw changed(path);
      return { path, digest: `sha256:${digest}`, size: before.size };
    } finally {
      await close(file);
    }
  } catch (error) {
    throw codeOf(error) === 'ENXIO' ? notRegular(path) : readingError('the file', path, error);
  }
}

/** Waits where the file is so young that a further change could bear the same time. */
async function outlastTick(state: FileState): Promise<void> {
  const age = Date.now() - Number(state.ctimeNs / 1_000_000n);
  if (age >= 0 && age < TICK_MS) await wait(TICK_MS - age);
}

async function digestSmall(
  file: number,
  size: number,
  buffers: Buffers,
  onBytes: (count: number) => void,
): Promise<string | undefined> {
  let length = 0;
  while (length <= size) {
    const count = await read(file, buffers.small, length, size + 1 - length, length);
    if (count === 0) break;
    length += count;
    if (length === size) break;
  }
  onBytes(length);
  return length === size ? hash('sha256', buffers.small.subarray(0, length), 'hex') : undefined;
}

async function digestLarge(
  file: number,
  size: number,
  buffers: Buffers,
  signal: AbortSignal | undefined,
  onBytes: (count: number) => void,
): Promise<string | undefined> {
  buffers.large ??= [Buffer.allocUnsafeSlow(CHUNK), Buffer.allocUnsafeSlow(CHUNK)];
  let [current, spare] = buffers.large;
  const sum = createHash('sha256');
  let position = 0;
  let pending = read(file, current, 0, CHUNK, 0);
  try {
    for (;;) {
      const count = await pending;
      position += count;
      if (count === 0 || position > size) break;
      pending = read(file, spare, 0, CHUNK, position);
      sum.update(count === CHUNK ? current : current.subarray(0, count));
      [current, spare] = [spare, current];
      onBytes(count);
      throwIfCancelled(signal);
    }
  } finally {
    await pending.catch(() => 0);
  }
  return position === size ? sum.digest('hex') : undefined;
}

async function isUnchanged(path: string, before: FileState): Promise<boolean> {
  try {
    return sameState(before, await stateAt(path));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

function notRegular(path: string): SignwrightError {
  return new SignwrightError('invalid-input', `${shown(path)} is not a regular file`, {
    where: shown(path),
    next: 'name a regular file; directories, devices, pipes and sockets have no bytes that hold still',
  });
}

function changed(path: string): SignwrightError {
  return new SignwrightError('invalid-input', `${shown(path)} changed while it was hashed`, {
    where: shown(path),
    next: 'let whatever writes it finish, then run again',
  });
}
