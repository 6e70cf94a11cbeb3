import { type Clock, type Signer, SignwrightError, type VerifierKey } from '@signwright/signing-core';

/** A segment as it was verified: its records and who wrote it, or why it is not taken; a `stranger`'s may be sound otherwise. */
export type Opened =
  | { readonly records: readonly Uint8Array[]; readonly by: string }
  | { readonly refused: string; readonly stranger?: true };

/** How this writer signs segments, and whose segments it takes. */
export type Segments = {
  seal(records: readonly Uint8Array[]): Promise<Uint8Array>;
  /** Throws only what is no verdict on the segment. */
  open(bytes: Uint8Array): Promise<Opened>;
};

/** What every step of the log is given beside the store. */
export type LogContext = {
  /** All of the log's keys that count; the first one's name is the log's name, its checkpoints' origin. */
  readonly keys: readonly VerifierKey[];
  readonly segments: Segments;
  /** The log key. Who has it orders records; who has not only appends segments. */
  readonly signer?: Signer;
  readonly clock: Clock;
  /** Until when what is written now must be kept, where the store can see to it. */
  readonly retainUntil?: () => Date;
};

/** The log's name. @throws SignwrightError `configuration` where nobody could check the log. */
export function originOf(keys: readonly VerifierKey[]): string {
  const [first] = keys;
  if (first) return first.name;
  throw new SignwrightError('configuration', 'the log has no verifier key to check it by', {
    next: 'give the verifier key that "signwright audit init" printed',
  });
}
