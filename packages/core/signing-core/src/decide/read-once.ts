import { SignwrightError } from '../error.ts';
import type { Statement } from '../statement.ts';
import type { Refusal } from '../verdict.ts';
import type { VerifiedStatement } from '../verify-evidence.ts';

/** What a statement says, or why it says nothing. */
type Reading<T> = { readonly said: T } | { readonly why: Omit<Refusal, 'evidence'> };

/** A reader of statements that reads each once: one statement may be about thousands of artifacts, and long. */
export function readingOnce<T>(read: (statement: Statement) => T): (one: VerifiedStatement) => Reading<T> {
  const readings = new WeakMap<VerifiedStatement, Reading<T>>();
  return (one) => {
    const reading = readings.get(one) ?? tryReading(read, one.statement);
    readings.set(one, reading);
    return reading;
  };
}

function tryReading<T>(read: (statement: Statement) => T, statement: Statement): Reading<T> {
  try {
    return { said: read(statement) };
  } catch (error) {
    if (!(error instanceof SignwrightError)) throw error;
    return { why: { code: 'malformed', message: error.message } };
  }
}
