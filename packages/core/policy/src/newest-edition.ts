import { SignwrightError } from '@signwright/signing-core';
import type { SignedEdition } from './policy.ts';

/** The newest edition of a policy that was seen before. */
export type SeenEdition = Pick<SignedEdition, 'serial' | 'digest'>;

/**
 * Refuses an edition that is older than the newest seen, or that shares its serial and is another.
 *
 * @throws SignwrightError `policy` with both serials.
 */
export function checkNotOlder(edition: SignedEdition, seen: SeenEdition | undefined): void {
  if (seen === undefined || edition.serial > seen.serial) return;
  const { name, serial, where } = edition;
  if (serial < seen.serial)
    throw new SignwrightError(
      'policy',
      `the policy ${name} has the serial ${serial}, and this machine has seen ${seen.serial}: an older edition is passed off as current`,
      { where, next: 'get the newest edition; if an old one is to come back, sign it anew with a higher serial' },
    );
  if (edition.digest === seen.digest) return;
  throw new SignwrightError(
    'policy',
    `there are two editions of the policy ${name} with the serial ${serial}: ${seen.digest} was seen here before, and this is ${edition.digest}`,
    { where, next: 'give each edition a higher serial than the one before, then sign it' },
  );
}
