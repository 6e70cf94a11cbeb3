import type { Required } from '@signwright/policy';
import { SignwrightError, type Verified, type VerifiedStatement } from '@signwright/signing-core';

/**
 * Refuses what rests on a trial root where an artifact is to go somewhere that does not allow it: it would count for nothing.
 *
 * @throws SignwrightError `denied`.
 */
export function refuseDevelopment(
  { development }: Verified | VerifiedStatement,
  artifacts: readonly { readonly required: Required }[],
): void {
  const against = artifacts.find(({ required }) => !required.environment.allowDevelopment);
  if (!development || against === undefined) return;
  const { id } = against.required.environment;
  throw new SignwrightError('denied', `it rests on a trial root, which the environment ${id} does not allow`, {
    next: 'nothing was written; sign with a signer that rests on none, or for an environment that allows development',
  });
}
