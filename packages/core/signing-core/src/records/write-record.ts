import { SignwrightError } from '../error.ts';
import { canonicalJson } from '../formats/canonical-json.ts';
import type { JsonObject } from '../formats/strict-json.ts';
import { type LogRecord, MAX_RECORD, RECORD } from './record.ts';

/** The bytes of a record: RFC 8785. @throws SignwrightError `invalid-input` where they are too many for a log. */
export function writeRecord(record: LogRecord): Buffer {
  const bytes = Buffer.from(canonicalJson({ ...(record as unknown as JsonObject), type: RECORD }));
  if (bytes.length >= MAX_RECORD) {
    throw new SignwrightError('invalid-input', `a record of ${bytes.length} bytes; a log takes less than ${MAX_RECORD}`, {
      next: 'shorten the names, claims and reasons in it',
    });
  }
  return bytes;
}
