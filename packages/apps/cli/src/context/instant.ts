import { SignwrightError } from '@signwright/signing-core';

/** Reads a time or day given on the command line, in UTC where it names no offset. @returns milliseconds since 1970 UTC. */
export function parseInstant(text: string, flag: string): number {
  const wanted = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/.test(text);
  const at = wanted ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(at)) return at;
  throw new SignwrightError('usage', `${flag} ${JSON.stringify(text.slice(0, 60))} is no time`, {
    next: 'write it like 2026-01-31 or 2026-01-31T12:00:00Z',
  });
}
