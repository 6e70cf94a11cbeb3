import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { messageOf, SignwrightError } from '@signwright/signing-core';
import type { ExportBatch, ExportFormat } from './export-records.ts';

/** Takes batches. When `take` returns, the batch is where it should be, and is never asked for again. */
export type ExportSink = {
  take(batch: ExportBatch): Promise<void>;
  close(): Promise<void>;
};

/**
 * Appends to a file, made where it is missing; lines are on disk when a batch was taken. A last line that a crash has torn is cut
 * off first; whole lines stay, also those that will come again.
 *
 * @throws SignwrightError `configuration` where it is no regular file, `unreachable` where it cannot be written.
 */
export async function openFileSink(path: string): Promise<ExportSink> {
  const file = await reporting(path, () => open(path, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND, 0o600));
  try {
    await reporting(path, () => cutTornLine(file, path));
  } catch (error) {
    await file.close();
    throw error;
  }
  return {
    take: (batch) =>
      reporting(path, async () => {
        await file.writeFile(linesOf(batch));
        await file.datasync();
      }),
    close: () => reporting(path, () => file.close()),
  };
}

/** Bytes read at once while the last line break is looked for. */
const STEP = 64 * 1024;

async function cutTornLine(file: FileHandle, path: string): Promise<void> {
  const stats = await file.stat();
  if (!stats.isFile()) {
    throw new SignwrightError('configuration', `${path} is no regular file`, { where: path, next: 'name a file, or use stdout' });
  }
  const whole = await endOfLastLine(file, stats.size);
  if (whole === stats.size) return;
  await file.truncate(whole);
  await file.sync();
}

async function endOfLastLine(file: FileHandle, size: number): Promise<number> {
  const buffer = Buffer.alloc(STEP);
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - STEP);
    const { bytesRead } = await file.read(buffer, 0, end - start, start);
    const at = buffer.subarray(0, bytesRead).lastIndexOf(0x0a);
    if (at >= 0) return start + at + 1;
    end = start;
  }
  return 0;
}

/** Writes to a stream such as stdout, no faster than it takes it. `close` leaves it open: it is not ours. */
export function streamSink(stream: Writable): ExportSink {
  return {
    take: (batch) =>
      new Promise((resolve, reject) => {
        stream.write(linesOf(batch), (error) => (error ? reject(gone(error)) : resolve()));
      }),
    close: async () => undefined,
  };
}

/** Posts a body and returns once it was acknowledged; see `createPoster` of @signwright/notify. */
export type PostBody = (message: {
  readonly body: Uint8Array;
  readonly headers: () => { readonly [name: string]: string };
}) => Promise<void>;

/** Posts each batch: as JSON Lines, CloudEvents as a batch (a JSON array, as their HTTP binding has it). */
export function postSink(post: PostBody, format: ExportFormat): ExportSink {
  const isBatch = format === 'cloudevents';
  const type = isBatch ? 'application/cloudevents-batch+json' : 'application/x-ndjson';
  return {
    async take(batch) {
      const body = Buffer.from(isBatch ? `[${batch.lines.join(',')}]` : linesOf(batch));
      await post({ body, headers: () => ({ 'content-type': type, 'user-agent': 'signwright' }) });
    },
    close: async () => undefined,
  };
}

function linesOf({ lines }: ExportBatch): string {
  return lines.map((line) => `${line}\n`).join('');
}

async function reporting<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof SignwrightError) throw cause;
    throw new SignwrightError('unreachable', `${path} cannot be written: ${messageOf(cause)}`, {
      where: path,
      next: 'make its directory, let this user write to it, and free space; then run again: it goes on where it stopped',
      cause,
    });
  }
}

function gone(cause: Error): SignwrightError {
  return new SignwrightError('unreachable', `nobody reads the output any more: ${cause.message}`, {
    next: 'run again: it goes on where it stopped',
    cause,
  });
}
