import type { Json, JsonObject } from '@signwright/signing-core';

/** One use of a key to sign, as the key's own log has it. Such logs do not say what was signed. */
export type KeyUse = {
  /** The log's own id of the event; the same event may be delivered twice. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Whether a signature was made. */
  readonly outcome: 'done' | 'failed';
  /** Who used it, as the key's log names them. */
  readonly by?: string;
  readonly algorithm?: string;
};

/** Reads one entry of a key's log. @returns `undefined` for what is no use of this key to sign. */
export type ReadKeyUse = (entry: JsonObject, key: string, fail: (why: string) => never) => KeyUse | undefined;

/** How entries of a log name keys, and whether a name means this key; what was done with the key does not matter. */
export type KeyNaming = {
  names(entry: JsonObject): readonly string[];
  means(name: string, key: string): boolean;
};

/** What was read of a log, whatever it says: a log that has nothing about a key has not been compared with anything. */
export type KeyLogTally = {
  entries: number;
  /** Entries that name the key. */
  about: number;
  /** Other keys that are named, up to 5. */
  readonly others: Set<string>;
};

/** A field that is text, or nothing. */
export function text(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** A field that is an object, or one without fields. */
export function object(value: Json | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

/** A field that is a list, or an empty one. */
export function list(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

/** RFC 3339 in UTC, to the nanosecond or coarser. */
export function instant(value: Json | undefined, field: string, fail: (why: string) => never): number {
  const written = text(value) ?? '';
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(written) ? Date.parse(written) : Number.NaN;
  return Number.isNaN(at) ? fail(`${field} is no time like 2026-01-31T12:00:00Z`) : at;
}
