import type { RevocationStatus } from '../revocation/revocation-status.ts';
import type { RevokedEntry } from './crl-entries.ts';

/** How an answer about a revocation is judged. */
export type Answer = {
  /** Now, in milliseconds since 1970 UTC. */
  readonly at: number;
  /** How old it may be, in seconds, where the policy says. */
  readonly maxAge?: number;
  /** Who gave it, for people: `the CRL https://…`. */
  readonly by: string;
};

/** How far the clocks of two machines may be apart. */
export const CLOCK_SKEW: number = 5 * 60 * 1000;

/** Why an answer says nothing of now, where it does not. */
export function whyOutOfTime(
  { thisUpdate, nextUpdate }: { readonly thisUpdate: number; readonly nextUpdate: number },
  { at, maxAge }: Answer,
): string | undefined {
  if (thisUpdate > at + CLOCK_SKEW) return `it is of the future (${iso(thisUpdate)}); is the clock of this machine right?`;
  if (nextUpdate < at) return `it is stale: its next update was due ${iso(nextUpdate)}`;
  if (maxAge !== undefined && at - thisUpdate > maxAge * 1000) return `it is of ${iso(thisUpdate)}, older than max-age allows`;
  return undefined;
}

/** That nothing is known, and why. */
export function unknownBy({ by }: Answer, why: string): RevocationStatus {
  return { status: 'unknown', why: `${by} does not count: ${why}` };
}

/** That it is revoked. */
export function revokedBy({ by }: Answer, asOf: number, { revokedAt, reason, invalidFrom }: RevokedEntry): RevocationStatus {
  return { status: 'revoked', revokedAt, reason, ...(invalidFrom === undefined ? {} : { invalidFrom }), asOf, by };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
