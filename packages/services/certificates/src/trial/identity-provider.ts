import { randomUUID } from 'node:crypto';
import type { Clock, IdentityProvider } from '@signwright/signing-core';
import { subjectOf } from './claims.ts';
import type { TrialDomain } from './domain.ts';
import { TRIAL_ISSUER } from './names.ts';

const LIFE_SECONDS = 300;

/**
 * Stands in for a CI platform: signs ID tokens (ES256) that say what the domain's `identity.json` says.
 *
 * @throws from `idToken`, SignwrightError `configuration` where the domain's files cannot be used.
 */
export function createTrialIdentityProvider(domain: TrialDomain, clock: Clock): IdentityProvider {
  return {
    async idToken(audience) {
      const [{ SignJWT }, claims, key] = await Promise.all([import('jose'), domain.claims(), domain.tokenKey()]);
      const now = Math.floor(clock.now().getTime() / 1000);
      const { sub: _, ...rest } = claims;
      return new SignJWT(rest)
        .setProtectedHeader({ alg: 'ES256', typ: 'JWT' })
        .setIssuer(TRIAL_ISSUER)
        .setSubject(subjectOf(claims))
        .setAudience(audience)
        .setJti(randomUUID())
        .setIssuedAt(now)
        .setNotBefore(now)
        .setExpirationTime(now + LIFE_SECONDS)
        .sign(key);
    },
  };
}
