import type { OpenLogReader } from '@signwright/audit-log';
import { printNote } from '../print-lines.ts';
import type { ReadableLog } from './read-log.ts';

/** Tells a person that records were appended which no listing has yet. */
export async function noteWaiting({ store }: ReadableLog, { next }: Pick<OpenLogReader, 'next'>): Promise<void> {
  const { countWaiting } = await import('@signwright/audit-log');
  const waiting = await countWaiting(store.blobs, next);
  if (waiting === 0) return;
  const what = waiting === 1 ? '1 segment waits for its order: its' : `${waiting} segments wait for their order: their`;
  printNote(`${what} records are not listed (signwright audit sequence)`);
}
