/**
 * What went wrong, as far as a caller can act on it.
 *
 * - `usage`: the command line or an argument is off.
 * - `configuration`: a file, key, or setting of the user's cannot be used.
 * - `policy`: the policy is invalid or contradicts itself.
 * - `not-enforced-yet`: the run would need a policy key whose enforcement is not built; nothing was decided.
 * - `invalid-input`: bytes from outside (a bundle, a certificate, JSON) are not what they must be.
 * - `verification`: something that was checked does not hold.
 * - `denied`: the policy says no.
 * - `unreachable`: a service, store or file could not be reached or written: pause and retry.
 * - `conflict`: another writer was first.
 * - `cancelled`: the user stopped the run.
 */
export type ErrorCode =
  | 'usage'
  | 'configuration'
  | 'policy'
  | 'not-enforced-yet'
  | 'invalid-input'
  | 'verification'
  | 'denied'
  | 'unreachable'
  | 'conflict'
  | 'cancelled';

/** Where to look and what to do, beside the message. */
export type ErrorDetails = {
  /** A place a user can open: `file:line:column`, a path, a URL without secrets. */
  where?: string;
  /** The next thing to do, as a sentence or a command. */
  next?: string;
  cause?: unknown;
};

/** The one error every package throws. Anything else that reaches a program's top is a defect of ours. */
export class SignwrightError extends Error {
  override readonly name = 'SignwrightError';
  readonly code: ErrorCode;
  readonly where: string | undefined;
  readonly next: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.where = details.where;
    this.next = details.next;
  }
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
