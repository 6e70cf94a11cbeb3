import { readBounded } from '@signwright/files';

/** A file's bytes, `what` for messages; nothing where there is none. */
export async function readIfThere(file: string, maxBytes: number, what: string): Promise<Buffer | undefined> {
  try {
    return await readBounded(file, maxBytes, what);
  } catch (error) {
    if ((error as { cause?: { code?: unknown } }).cause?.code === 'ENOENT') return undefined;
    throw error;
  }
}
