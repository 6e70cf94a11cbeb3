import type { ExportFormat, ExportSink } from '@signwright/audit-log';
import { SignwrightError } from '@signwright/signing-core';
import { noteWaiting } from '../../context/note-waiting.ts';
import { readLog } from '../../context/read-log.ts';
import type { Run } from '../../context/run.ts';
import { EXIT } from '../../exit.ts';
import { printNote } from '../../print-lines.ts';

export type ExportOptions = {
  readonly policy: string;
  readonly anchor?: string;
  readonly format: ExportFormat;
  /** A file, an https URL, or `-` for stdout. */
  readonly to: string;
  readonly cursor?: string;
  readonly from: number;
  readonly follow?: true;
  /** Seconds. */
  readonly every: number;
  readonly headerEnv?: readonly [name: string, variable: string];
  readonly allowPrivate?: true;
  readonly quiet?: true;
};

/**
 * `signwright audit export`: the records in order, each at least once with an id that stays, to where others look at them. With a
 * cursor it goes on where it stopped; with `--follow` it goes on as records come.
 */
export async function auditExport(options: ExportOptions, run: Run): Promise<number> {
  const { exportCursor, runExport } = await import('@signwright/audit-log');
  const log = await readLog(options);
  const sink = await openSink(options);
  const note = (line: string): void => {
    if (!options.quiet) printNote(line);
  };
  try {
    const exported = await runExport({
      open: async () => {
        const reader = await log.reader();
        return { origin: log.origin, reader, root: reader.checkpoint.root };
      },
      format: options.format,
      sink,
      ...(options.cursor === undefined ? {} : { cursor: exportCursor(options.cursor, options.format) }),
      from: options.from,
      ...(options.follow ? { followMs: options.every * 1000 } : {}),
      signal: run.signal,
      onTrouble: (message) => note(`${message}; trying again`),
    });
    if (!options.quiet && !options.follow) await noteWaiting(log, await log.reader());
    note(`exported ${exported} records of ${log.origin}`);
  } finally {
    await sink.close();
  }
  return EXIT.allow;
}

async function openSink({ to, format, headerEnv, allowPrivate }: ExportOptions): Promise<ExportSink> {
  const { openFileSink, postSink, streamSink } = await import('@signwright/audit-log');
  if (to === '-') return streamSink(process.stdout);
  if (!/^[a-z][a-z0-9+.-]*:/i.test(to)) return openFileSink(to);
  if (!/^https?:/i.test(to)) {
    throw new SignwrightError('usage', `records cannot be exported to ${to.split(':')[0]}:`, {
      next: 'name a file, an https URL, or - for stdout',
    });
  }
  const { createPoster, secretHeader } = await import('@signwright/notify');
  const headers = headerEnv === undefined ? {} : { headers: secretHeader(headerEnv[0], headerEnv[1], process.env) };
  return postSink(createPoster({ url: to, allowPrivate: allowPrivate ?? false, ...headers }), format);
}
