import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { messageOf, SignwrightError } from '@signwright/signing-core';

const MAX_BYTES = 65_536;
const OPEN_TO_OTHERS = 0o077;

/**
 * Reads a file that holds a secret: regular, small, and closed to everyone but its owner. What was checked is what is read, for
 * both go through one descriptor.
 *
 * @throws SignwrightError `configuration`.
 */
export async function readPrivateFile(path: string): Promise<Buffer> {
  const file = await openFile(path);
  try {
    const { mode, size } = await checked(file, path);
    if (process.platform !== 'win32' && (mode & OPEN_TO_OTHERS) !== 0) {
      throw new SignwrightError(
        'configuration',
        `the private key can be read or changed by others (mode ${(mode & 0o777).toString(8)})`,
        {
          where: path,
          next: `chmod 600 ${path}; if others could read it until now, replace the key`,
        },
      );
    }
    return await readAll(file, size, path);
  } finally {
    await file.close();
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    // Without O_NONBLOCK, opening a named pipe would wait for its writer.
    return await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (cause) {
    throw new SignwrightError('configuration', `the private key cannot be opened: ${messageOf(cause)}`, {
      where: path,
      next: 'check the path, and that this user may read the file',
      cause,
    });
  }
}

async function checked(file: FileHandle, path: string): Promise<{ mode: number; size: number }> {
  const stat = await file.stat();
  if (!stat.isFile()) throw new SignwrightError('configuration', 'the private key is not a regular file', { where: path });
  if (stat.size > MAX_BYTES) {
    throw new SignwrightError('configuration', `not a private key: ${stat.size} bytes; at most ${MAX_BYTES} are read`, {
      where: path,
    });
  }
  return stat;
}

async function readAll(file: FileHandle, size: number, path: string): Promise<Buffer> {
  const buffer = Buffer.alloc(size);
  let length = 0;
  while (length < size) {
    const { bytesRead } = await file.read(buffer, length, size - length, length);
    if (bytesRead === 0)
      throw new SignwrightError('configuration', 'the private key was cut short while it was read', { where: path });
    length += bytesRead;
  }
  return buffer;
}
