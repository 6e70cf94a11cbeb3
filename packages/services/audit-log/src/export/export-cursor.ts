import { randomBytes } from 'node:crypto';
import { open, readFile, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { canonicalJson, isSha256, type Json, messageOf, parseStrictJson, SignwrightError } from '@signwright/signing-core';
import { EXPORT_FORMATS, type ExportFormat, type ExportPosition } from './export-records.ts';

const MAX_CURSOR = 4096;

/** Where an export goes on: a small file, written after what it speaks of was taken. */
export type ExportCursor = {
  /** @returns `undefined` where nothing was exported yet. */
  read(): Promise<ExportPosition | undefined>;
  write(position: ExportPosition): Promise<void>;
};

/**
 * A cursor in a file. It is replaced whole and is on disk when a write returns.
 *
 * @throws SignwrightError from its calls: `configuration` where the file is of another format of export, or is no cursor;
 * `unreachable` where it cannot be read or written.
 */
export function exportCursor(file: string, format: ExportFormat): ExportCursor {
  return {
    async read() {
      const bytes = await readCursor(file);
      return bytes === undefined ? undefined : positionIn(bytes, file, format);
    },
    async write({ origin, next, last }) {
      const value: Json = { version: 1, format, origin, next, ...(last === undefined ? {} : { last }) };
      await replace(file, `${canonicalJson(value)}\n`);
    },
  };
}

async function readCursor(file: string): Promise<Buffer | undefined> {
  try {
    if ((await stat(file)).size > MAX_CURSOR) throw notACursor(file);
    return await readFile(file);
  } catch (cause) {
    if (cause instanceof SignwrightError) throw cause;
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unusable(file, cause);
  }
}

function positionIn(bytes: Buffer, file: string, format: ExportFormat): ExportPosition {
  const value = parsed(bytes, file);
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !('next' in value)) throw notACursor(file);
  const { version, format: before, origin, next, last } = value;
  const isPosition = typeof origin === 'string' && typeof next === 'number' && Number.isSafeInteger(next) && next >= 0;
  const isLast = last === undefined || (typeof last === 'string' && isSha256(last));
  const isFormat = EXPORT_FORMATS.some((one) => one === before);
  if (version !== 1 || !isPosition || !isLast || !isFormat) throw notACursor(file);
  if (before !== format) {
    throw new SignwrightError('configuration', `the cursor ${file} is of an export in another format than ${format}`, {
      where: file,
      next: 'give each export a cursor of its own',
    });
  }
  return { origin, next, ...(last === undefined ? {} : { last }) };
}

function parsed(bytes: Buffer, file: string): Json {
  try {
    return parseStrictJson(bytes, { what: `the cursor ${file}`, maxBytes: MAX_CURSOR });
  } catch (cause) {
    throw notACursor(file, cause);
  }
}

async function replace(file: string, text: string): Promise<void> {
  const temporary = join(dirname(file), `.${randomBytes(8).toString('hex')}.tmp`);
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    if (process.platform !== 'win32') await syncDirectory(dirname(file));
  } catch (cause) {
    await unlink(temporary).catch(() => undefined);
    throw unusable(file, cause);
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function notACursor(file: string, cause?: unknown): SignwrightError {
  return new SignwrightError('configuration', `the file ${file} is no cursor of an export`, {
    where: file,
    next: 'name another file; without one, everything is exported again',
    cause,
  });
}

function unusable(file: string, cause: unknown): SignwrightError {
  return new SignwrightError('unreachable', `the cursor ${file} cannot be used: ${messageOf(cause)}`, {
    where: file,
    next: 'make its directory, let this user write to it, and free space',
    cause,
  });
}
