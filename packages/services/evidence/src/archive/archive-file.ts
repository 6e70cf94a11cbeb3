import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { messageOf, type Sha256, SignwrightError } from '@signwright/signing-core';
import { MAX_ARCHIVE } from './export-archive.ts';
import { BLOCK, headerOf, paddingOf, sizeIn } from './ustar.ts';

/** An archive's file, read from front to back; each step refuses what is not exactly as we would have written it. */
export type ArchiveFile = {
  /** Bytes of the whole file. */
  readonly size: number;
  /** Reads a member whole. `most` bytes; its size is what its header says. */
  whole(path: string, most: number): Promise<Buffer>;
  /** Checks a member of this size and digest. @returns where its bytes begin. */
  check(path: string, size: number, digest: Sha256): Promise<number>;
  /** Checks that these bytes are next. */
  expect(bytes: Uint8Array, what: string): Promise<void>;
};

const CHUNK = 1024 * 1024;

/** Opens a file and runs `work` on it. @throws SignwrightError `configuration` where there is no such file, `unreachable` where it cannot be read. */
export async function withArchive<T>(path: string, work: (file: ArchiveFile, handle: FileHandle) => Promise<T>): Promise<T> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((cause: unknown) => {
    throw new SignwrightError('configuration', `the archive ${path} cannot be opened: ${messageOf(cause)}`, {
      where: path,
      cause,
    });
  });
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new SignwrightError('configuration', `${path} is not a file`, { where: path });
    if (stats.size > MAX_ARCHIVE) throw damaged(path, `it has ${stats.size} bytes, more than ${MAX_ARCHIVE}`);
    return await work(readerOf(path, handle, stats.size), handle);
  } catch (error) {
    if (error instanceof SignwrightError) throw error;
    throw new SignwrightError('unreachable', `the archive ${path} cannot be read: ${messageOf(error)}`, {
      where: path,
      cause: error,
    });
  } finally {
    await handle.close();
  }
}

/** The archive is not what was written. */
export function damaged(path: string, what: string): SignwrightError {
  return new SignwrightError('verification', `the archive ${path} is not as it was made: ${what}`, {
    where: path,
    next: 'get it again from where it was made; nothing in it can be relied on',
  });
}

/** Reads exactly `length` bytes; `undefined` where the file ends before. */
export async function readAt(handle: FileHandle, at: number, length: number): Promise<Buffer | undefined> {
  const bytes = Buffer.allocUnsafe(length);
  for (let read = 0; read < length; ) {
    const { bytesRead } = await handle.read(bytes, read, length - read, at + read);
    if (bytesRead === 0) return undefined;
    read += bytesRead;
  }
  return bytes;
}

function readerOf(path: string, handle: FileHandle, size: number): ArchiveFile {
  let at = 0;
  const next = async (length: number, what: string): Promise<Buffer> => {
    const bytes = await readAt(handle, at, length);
    if (bytes === undefined) throw damaged(path, `it ends within ${what}`);
    at += length;
    return bytes;
  };
  const expectNext = async (bytes: Uint8Array, what: string): Promise<void> => {
    if (!(await next(bytes.length, what)).equals(bytes)) throw damaged(path, `${what} is not what it must be`);
  };
  const pad = (length: number, what: string): Promise<void> =>
    expectNext(new Uint8Array(paddingOf(length)), `what follows ${what}`);
  return {
    size,
    expect: expectNext,
    async whole(member, most) {
      const header = await next(BLOCK, `the header of ${member}`);
      const length = sizeIn(header);
      if (length === undefined || length > most || !header.equals(headerOf(member, length))) {
        throw damaged(path, `its first members are not ${member} as we write it`);
      }
      const bytes = await next(length, member);
      await pad(length, member);
      return bytes;
    },
    async check(member, length, digest) {
      await expectNext(headerOf(member, length), `the header of ${member}`);
      const start = at;
      const hash = createHash('sha256');
      for (let left = length; left > 0; left -= CHUNK) hash.update(await next(Math.min(left, CHUNK), member));
      if (`sha256:${hash.digest('hex')}` !== digest) throw damaged(path, `${member} has other bytes than its manifest says`);
      await pad(length, member);
      return start;
    },
  };
}
