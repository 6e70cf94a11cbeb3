import { SignwrightError } from '../error.ts';
import { quoted } from './quoted.ts';
import type { Json, JsonObject } from './strict-json.ts';

/** Reads fields of parsed JSON strictly; every failure names what is read and the field's path. */
export type FieldReader = {
  /** The object, if it has no keys but these. */
  object(value: Json | undefined, path: string, keys: readonly string[]): JsonObject;
  /** Any object. */
  record(value: Json | undefined, path: string): JsonObject;
  list(value: Json | undefined, path: string): readonly Json[];
  text(value: Json | undefined, path: string): string;
  /** Standard base64 with padding, in its one encoding. */
  bytes(value: Json | undefined, path: string): Buffer;
  /** RFC 3339 in UTC, as milliseconds. */
  instant(value: Json | undefined, path: string): number;
  fail(path: string, why: string): never;
};

/** Whether a field is left out, or `null`, as many services write what they leave out. */
export function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

/** A reader whose errors begin with `what`. They are SignwrightError `invalid-input`. */
export function fieldReader(what: string): FieldReader {
  const fail = (path: string, why: string): never => {
    throw new SignwrightError('invalid-input', `${what}: ${path === '' ? 'it' : path} ${why}`);
  };
  const record = (value: Json | undefined, path: string): JsonObject => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return fail(path, 'must be an object');
    return value as JsonObject;
  };
  const text = (value: Json | undefined, path: string): string =>
    typeof value === 'string' ? value : fail(path, value === undefined ? 'is missing' : 'must be text');
  return {
    fail,
    record,
    text,
    object(value, path, keys) {
      const object = record(value, path);
      const unknown = Object.keys(object).find((key) => !keys.includes(key));
      if (unknown !== undefined) fail(path, `has the unknown field ${quoted(unknown)}`);
      return object;
    },
    list(value, path) {
      if (!Array.isArray(value)) return fail(path, value === undefined ? 'is missing' : 'must be a list');
      return value as readonly Json[];
    },
    bytes(value, path) {
      const written = text(value, path);
      const bytes = Buffer.from(written, 'base64');
      return bytes.toString('base64') === written ? bytes : fail(path, 'is not base64');
    },
    instant(value, path) {
      const written = text(value, path);
      const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(written) ? Date.parse(written) : Number.NaN;
      // Date.parse takes 31 February and 24:00, and means another day.
      const exists = !Number.isNaN(at) && new Date(at).toISOString().startsWith(written.slice(0, 19));
      return exists ? at : fail(path, 'is not a time like 2026-01-31T12:00:00Z');
    },
  };
}
