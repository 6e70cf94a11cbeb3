import {
  type Checkpoint,
  type Clock,
  type LogKey,
  logKeyCounts,
  logKeySpan,
  type OpenedCheckpoint,
  type Signer,
  SignwrightError,
  type VerifierKey,
} from '@signwright/signing-core';

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
  readonly keys: readonly LogKey[];
  readonly segments: Segments;
  /** The log key. Who has it orders records; who has not only appends segments. */
  readonly signer?: Signer;
  readonly clock: Clock;
  /** What this machine put in order last: a key that has ended may have signed that, and nothing more. */
  readonly kept?: Pick<Checkpoint, 'size' | 'root'>;
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

/** How far the clocks of who signs the log and who reads it may be apart. */
const SKEW_MS = 5 * 60_000;

/** By when a log is read, and which state of it needs no key that counts then. */
export type ReadAt = { readonly now: Date; readonly kept?: LogContext['kept'] };

/** By when whoever writes to a log reads it. */
export function readAt({ clock, kept }: LogContext): ReadAt {
  return { now: clock.now(), ...(kept === undefined ? {} : { kept }) };
}

/**
 * Refuses the newest checkpoint of a log where no key that counts now has signed it: whoever has an old key could go on with a log of
 * their own.
 *
 * @throws SignwrightError `verification`.
 */
export function checkSignedNow({ signedBy, size, root }: OpenedCheckpoint, { now, kept }: ReadAt, where: string): void {
  if (signedBy.some((key) => logKeyCounts(key, now.getTime(), SKEW_MS))) return;
  if (kept !== undefined && kept.size === size && kept.root.equals(root)) return;
  const by = signedBy.map((key) => `${key.text}, which ${logKeySpan(key)}`).join('; ');
  throw new SignwrightError('verification', `the newest checkpoint of the log is signed by ${by}; it is ${now.toISOString()}`, {
    where,
    next: 'run "signwright audit sequence" with the key that signs now, before the old one ends; after that, where --state has what was ordered last',
  });
}

/** Refuses to sign by a key of the log that does not count now. @throws SignwrightError `configuration`. */
export function checkSignsNow(key: LogKey, now: Date): void {
  if (logKeyCounts(key, now.getTime())) return;
  throw new SignwrightError('configuration', `the key ${key.text} of the log ${logKeySpan(key)}; it is ${now.toISOString()}`, {
    next: 'sign with the key that the policy says signs now (audit.verifier-keys)',
  });
}
