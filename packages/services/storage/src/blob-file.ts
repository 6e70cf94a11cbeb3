import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { MAX_BLOB } from './check-blob.ts';
import { damaged } from './store-error.ts';

/** Writes a new file whose bytes are on disk when it returns. */
export async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o644);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Reads a blob's file, following no symbolic link and waiting for no pipe. Throws ENOENT where there is none. */
export async function readBlobFile(path: string): Promise<Uint8Array> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch((error: unknown) => {
    throw ['ELOOP', 'ENXIO'].includes((error as NodeJS.ErrnoException).code ?? '') ? damaged(path, 'not a regular file') : error;
  });
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw damaged(path, 'not a regular file');
    if (stats.size > MAX_BLOB) throw damaged(path, `larger than ${MAX_BLOB} bytes`);
    const buffer = Buffer.allocUnsafeSlow(stats.size);
    let length = 0;
    while (length < buffer.length) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, length);
      if (bytesRead === 0) throw damaged(path, 'it became shorter while it was read');
      length += bytesRead;
    }
    return buffer;
  } finally {
    await file.close();
  }
}
