import { type JsonObject, SignwrightError } from '@signwright/signing-core';
import type { JSONWebKeySet } from './jose.ts';
import { shown } from './shown.ts';

/** Signatures by a key that only the issuer has (RFC 7518, 3.1; RFC 8037). */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];

/**
 * Refuses what is signed by a shared secret or not at all, and what does not name its key, before anything is fetched.
 *
 * @throws SignwrightError `verification`.
 */
export function checkHeader({ alg, kid }: JsonObject): void {
  if (typeof alg !== 'string' || !ALGORITHMS.includes(alg)) {
    throw refused(
      `is signed with the algorithm ${shown(alg)}; taken are ${ALGORITHMS.join(', ')}`,
      'set another one at the issuer',
    );
  }
  if (typeof kid !== 'string' || kid === '') throw refused('does not name the key it is signed with (kid)');
}

/**
 * Verifies a token's signature by one of the issuer's keys (RFC 7515).
 *
 * @throws SignwrightError `verification`.
 */
export async function verifySignature(token: string, keys: JSONWebKeySet, issuer: string): Promise<void> {
  const { compactVerify, createLocalJWKSet } = await import('./jose.ts');
  try {
    await compactVerify(token, createLocalJWKSet(keys), { algorithms: ALGORITHMS });
  } catch (error) {
    // The cause stays here: jose's errors carry what the token holds.
    throw refused(`${REASONS[(error as { code?: string }).code ?? ''] ?? 'could not be verified'}: ${issuer}`);
  }
}

const REASONS: { readonly [code: string]: string } = {
  ERR_JWKS_NO_MATCHING_KEY: 'is signed with a key that its issuer does not publish',
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: 'names a key that its issuer publishes twice',
  ERR_JWKS_INVALID: 'is of an issuer whose keys cannot be read',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'is not signed by its issuer',
};

function refused(
  why: string,
  next = 'run the job again; if it lasts, have whoever runs the issuer look at its keys',
): SignwrightError {
  return new SignwrightError('verification', `the ID token ${why}`, { next });
}
