import { SignwrightError } from '@signwright/signing-core';
import type { OpenPolicy } from '../context/open-policy.ts';
import { revocationJudge } from '../context/open-revocation.ts';
import type { Made } from './work.ts';

/**
 * Holds what was just signed against what is known of its certificates. What is revoked by now is not released; what nobody knows is
 * told, once, and left to whoever verifies.
 *
 * @returns throws SignwrightError `verification` where a certificate is revoked.
 */
export async function releaseCheck(open: OpenPolicy, note: (line: string) => void): Promise<(made: Made) => Promise<void>> {
  const judge = await revocationJudge(open);
  const told = new Set<string>();
  return async (made) => {
    if (made.files) return;
    const { revocation } = await judge(made.signed.verified);
    if (revocation === undefined) return;
    if (revocation.status === 'revoked') throw revoked(revocation.message);
    if (told.has(revocation.message)) return;
    told.add(revocation.message);
    note(`${revocation.message}; whoever verifies asks again`);
  };
}

function revoked(message: string): SignwrightError {
  return new SignwrightError('verification', `what was just signed does not count: ${message}`, {
    next: 'nothing was published; sign with another certificate, and find out who had this one revoked',
  });
}
