import type { FieldReader } from '../../formats/read-json.ts';
import type { Json, JsonObject } from '../../formats/strict-json.ts';
import type { Rating } from '../severity.ts';

/** What one scan found, whoever's report it was read from. */
export type ScannerReport = {
  /** What people call the scanner: `Trivy`. */
  readonly title: string;
  /** Who scanned, as a package URL or an address. */
  readonly uri: string;
  readonly version?: string;
  /** The vulnerability database, as far as the report tells. */
  readonly db?: { readonly version?: string; readonly lastUpdate: string };
  /** When it scanned, RFC 3339 in UTC. */
  readonly startedOn?: string;
  readonly finishedOn?: string;
  readonly findings: readonly Finding[];
  /** What else the report holds that is no vulnerability: "2 secrets". */
  readonly notCounted?: string;
};

/** One vulnerability in one place. */
export type Finding = {
  readonly id: string;
  readonly rating: Rating;
  /** Who rated it: `trivy:nvd`, `grype`, `sarif:level`. */
  readonly method: string;
  readonly package?: string;
  /** Why it does not count, where the report itself says that it does not: `not_affected: …`. */
  readonly setAside?: string;
};

/** Findings of one report, at the most. */
const MAX_FINDINGS = 100_000;

/** Refuses more findings than are read. */
export function checkCount(read: FieldReader, path: string, count: number): void {
  if (count > MAX_FINDINGS) read.fail(path, `has more than ${MAX_FINDINGS} findings`);
}

/** A list, or none where the field is absent or null, as Go programs write empty ones. */
export function listOrNone(read: FieldReader, value: Json | undefined, path: string): readonly Json[] {
  return value === undefined || value === null ? [] : read.list(value, path);
}

/** Text that must say something. */
export function words(read: FieldReader, value: Json | undefined, path: string): string {
  const text = read.text(value, path);
  return text.trim() === '' ? read.fail(path, 'is empty') : text;
}

/** Text under the name it goes by, or nothing where it is absent, null or empty. */
export function optionalWords<Name extends string>(
  read: FieldReader,
  name: Name,
  value: Json | undefined,
  path: string,
): { [key in Name]?: string } {
  const text = value === undefined || value === null ? '' : read.text(value, path);
  return (text === '' ? {} : { [name]: text }) as { [key in Name]?: string };
}

/** The same for an RFC 3339 time with any offset, as one in UTC. Go's year 1, which means that no time was set, is none. */
export function optionalTime<Name extends string>(
  read: FieldReader,
  name: Name,
  value: Json | undefined,
  path: string,
): { [key in Name]?: string } {
  const text = optionalWords(read, 'time', value, path).time;
  if (text === undefined || text.startsWith('0001-01-01T')) return {};
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) read.fail(path, 'is not a time like 2026-01-31T12:00:00Z');
  return { [name]: new Date(at).toISOString() } as { [key in Name]?: string };
}

/** An object, or an empty one where the field is absent or null. */
export function recordOrEmpty(read: FieldReader, value: Json | undefined, path: string): JsonObject {
  return value === undefined || value === null ? {} : read.record(value, path);
}
