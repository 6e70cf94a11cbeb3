import { setTimeout as wait } from 'node:timers/promises';
import { SignwrightError } from '@signwright/signing-core';
import type { ExportCursor } from './export-cursor.ts';
import { type ExportFormat, exportRecords, type LogView } from './export-records.ts';
import type { ExportSink } from './export-sinks.ts';

export type ExportRun = {
  /** Opens the log as it is now; called once, and again for each look of a run that follows. */
  readonly open: () => Promise<LogView>;
  readonly format: ExportFormat;
  readonly sink: ExportSink;
  /** Remembers where it is. Without one a run begins at `from`. */
  readonly cursor?: ExportCursor;
  /** The record to begin with where there is no cursor yet; 0 unless told. */
  readonly from?: number;
  /** Goes on as records come, until the signal ends it, looking every so many milliseconds: 1,000 to 3,600,000. */
  readonly followMs?: number;
  readonly signal: AbortSignal;
  /** Told how many records were exported so far, after each batch. */
  readonly onBatch?: (exported: number) => void;
  /** Told what cannot be reached, in a run that follows and will try again. */
  readonly onTrouble?: (message: string) => void;
};

/**
 * Exports a log to a sink, in order, each record at least once: the cursor moves after the sink has taken a batch, so a crash
 * between the two brings that batch again, with the same ids.
 *
 * @returns how many records were exported.
 */
export async function runExport(run: ExportRun): Promise<number> {
  const { cursor, format, signal, followMs } = run;
  if (followMs !== undefined) checkInterval(followMs);
  let view: LogView | undefined = await run.open();
  let position = (await cursor?.read()) ?? { origin: view.origin, next: run.from ?? 0 };
  let exported = 0;
  for (;;) {
    try {
      view ??= await run.open();
      for await (const batch of exportRecords(view, format, position, signal)) {
        await run.sink.take(batch);
        await cursor?.write(batch.after);
        position = batch.after;
        exported += batch.lines.length;
        run.onBatch?.(exported);
      }
    } catch (error) {
      const isTrouble = error instanceof SignwrightError && error.code === 'unreachable';
      if (followMs === undefined || !(signal.aborted || isTrouble)) throw error;
      if (isTrouble) run.onTrouble?.(error.message);
    }
    if (followMs === undefined) return exported;
    await rest(followMs, signal);
    if (signal.aborted) return exported;
    view = undefined;
  }
}

function checkInterval(ms: number): void {
  if (ms >= 1000 && ms <= 3_600_000) return;
  throw new SignwrightError('usage', `an interval of ${ms} ms`, { next: 'use one from 1 second to 1 hour' });
}

/** Waits, unless it is stopped. */
async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch(() => undefined);
}
