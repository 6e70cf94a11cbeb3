import type { KeyObject } from 'node:crypto';
import { SignwrightError } from './error.ts';
import { keyIdOf } from './keys.ts';

/** What every key that stays elsewhere is opened with. */
export type RemoteKeyOptions = {
  /** The public key the policy pins. Absent only where the key is to be learnt (`signer rotate`), not signed with. */
  readonly publicKey?: KeyObject;
  /** Stops what is under way. */
  readonly signal?: AbortSignal;
  /** For one operation, all its tries included, in milliseconds; 10,000 unless told. */
  readonly deadlineMs?: number;
};

/** Deadline of one operation of a key that stays elsewhere, in milliseconds. */
export const REMOTE_DEADLINE_MS = 10_000;

/**
 * Holds the key that was found against the one the policy pins: an alias may lead to another key than it did.
 *
 * @param reference the key's reference, for messages.
 * @throws SignwrightError `configuration` that names the key found and what to change.
 */
export function checkPinned(found: KeyObject, pinned: KeyObject | undefined, reference: string): void {
  if (pinned === undefined || found.equals(pinned)) return;
  throw new SignwrightError(
    'configuration',
    `the key there is ${keyIdOf(found)}, not ${keyIdOf(pinned)}, which the policy pins: it was rotated, or this is another one`,
    {
      where: reference,
      next: 'if it was rotated, pin it beside the old one: "signwright signer rotate SIGNER" drafts the lines',
    },
  );
}
