import { type JsonObject, MAX_RECORD, parseStrictJson, SignwrightError } from '@signwright/signing-core';
import type { LogEntry } from '../search/log-entry.ts';

/** A record with its bytes, and the log it stands in. */
export type ExportedRecord = {
  readonly origin: string;
  readonly entry: LogEntry;
  readonly bytes: Uint8Array;
  /** The log's tree when it was read: its size and root hash (hex). */
  readonly tree?: { readonly size: number; readonly root: string };
};

/**
 * The record as JSON, whatever version wrote it; `undefined` where its bytes are no JSON object that could be read in one way only.
 */
export function jsonOf(bytes: Uint8Array): JsonObject | undefined {
  try {
    const value = parseStrictJson(bytes, { what: 'the record', maxBytes: MAX_RECORD });
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
  } catch (error) {
    if (error instanceof SignwrightError) return undefined;
    throw error;
  }
}

/** A field of a record of any version, where it is text. */
export function textOf(record: JsonObject | undefined, name: string): string | undefined {
  const value = record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** The record's own word for its event, where that is a plain one. */
export function eventOf(record: JsonObject | undefined): string {
  const event = textOf(record, 'event');
  return event !== undefined && /^[a-z][a-z0-9-]{0,63}$/.test(event) ? event : 'unknown';
}

/** The record's own time in milliseconds, where it has one that can be read. */
export function timeOf(record: JsonObject | undefined): number | undefined {
  const text = textOf(record, 'time');
  const time = text !== undefined && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}
