/** Why a certificate was revoked (RFC 5280, 5.3.1), by the names of the standard and their numbers. */
export const REVOCATION_REASONS = {
  unspecified: 0,
  keyCompromise: 1,
  cACompromise: 2,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  certificateHold: 6,
  privilegeWithdrawn: 9,
  aACompromise: 10,
} as const;
export type RevocationReason = keyof typeof REVOCATION_REASONS;

/** What is known of a certificate's revocation. Times are milliseconds since 1970 UTC. */
export type RevocationStatus =
  | {
      readonly status: 'good';
      /** When whoever answered knew it. */
      readonly asOf: number;
      /** Who answered, for people: `the CRL https://…`. */
      readonly by: string;
    }
  | {
      readonly status: 'revoked';
      readonly revokedAt: number;
      readonly reason: RevocationReason;
      /** From when on the key may not have been its owner's (invalidityDate). */
      readonly invalidFrom?: number;
      readonly asOf: number;
      readonly by: string;
    }
  /** Nothing that counts says so or otherwise. */
  | {
      readonly status: 'unknown';
      readonly why: string;
      /** Nobody is named who could say so: the certificate names none, and no CRL of its issuer is given. */
      readonly nobody?: true;
    };

type Revoked = RevocationStatus & { readonly status: 'revoked' };

/** Reasons that say nothing against what was signed before. */
const HARMLESS: ReadonlySet<RevocationReason> = new Set(['superseded', 'cessationOfOperation', 'affiliationChanged']);

/** Whether a reason says nothing against what was signed before. */
export function isHarmless(reason: RevocationReason): boolean {
  return HARMLESS.has(reason);
}

/**
 * From which instant on what a revoked certificate signed is bad: for a harmless reason (superseded, cessationOfOperation,
 * affiliationChanged) from its revocation; otherwise from the invalidity date; without one, for all time (-Infinity).
 */
export function badSince({ reason, revokedAt, invalidFrom }: Revoked): number {
  if (isHarmless(reason)) return Math.min(revokedAt, invalidFrom ?? Number.POSITIVE_INFINITY);
  return invalidFrom ?? Number.NEGATIVE_INFINITY;
}
