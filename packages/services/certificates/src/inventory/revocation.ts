import { badSince, type RevocationReason, type Sha256 } from '@signwright/signing-core';
import type { CertificateEvent } from './events.ts';

/** That a certificate is revoked. Times are ISO 8601. */
export type Revocation = {
  readonly at: string;
  readonly reason: RevocationReason;
  readonly invalidFrom?: string;
  readonly by: string;
  readonly order: Sha256;
};

export function revocationOf(event: CertificateEvent & { readonly type: 'revoked' }): Revocation {
  const { at, reason, invalidFrom, by, order } = event;
  return { at, reason, ...(invalidFrom === undefined ? {} : { invalidFrom }), by, order };
}

/**
 * What two orders to revoke the same certificate come to: revoked when it was first, and for the reason that leaves less of what it
 * signed. One that was superseded, and of which it is known later that its key was stolen, is compromised; one that was on hold is no
 * longer.
 */
export function worseOf(first: Revocation | undefined, then: Revocation): Revocation {
  if (first === undefined) return then;
  if (then.reason === 'certificateHold') return first;
  return first.reason === 'certificateHold' || badFrom(then) < badFrom(first) ? { ...then, at: first.at } : first;
}

function badFrom({ at, reason, invalidFrom }: Revocation): number {
  const revokedAt = Date.parse(at);
  const from = invalidFrom === undefined ? {} : { invalidFrom: Date.parse(invalidFrom) };
  return badSince({ status: 'revoked', revokedAt, reason, ...from, asOf: revokedAt, by: '' });
}
