import { SignwrightError } from '@signwright/signing-core';

const NEXT = 'run "signwright audit verify"; restore the log from a copy that verifies, or start a new one under another name';

/** The log holds what it cannot hold unless it was changed. */
export function damaged(where: string, why: string, next: string = NEXT, cause?: unknown): SignwrightError {
  return new SignwrightError('verification', `the log is damaged at ${where}: ${why}`, {
    where,
    next,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Whether a store could not say, or could not do, what it was asked. */
export function isUnreachable(error: unknown): error is SignwrightError {
  return error instanceof SignwrightError && error.code === 'unreachable';
}
