import { createPublicKey, type KeyObject } from 'node:crypto';
import { messageOf, SignwrightError } from '@signwright/signing-core';
import { checkClaims, type TrialClaims } from './claims.ts';
import { TRIAL_AUDIENCE, TRIAL_ISSUER } from './names.ts';

const MAX_TOKEN = 16_384;
const REGISTERED = new Set(['iss', 'aud', 'jti', 'iat', 'nbf', 'exp']);

/**
 * The claims of an ID token: signed by the trial's token key, by its issuer, for its audience, in force at `now`.
 *
 * @throws SignwrightError `denied`; the token is in no message.
 */
export async function verifyToken(token: string, tokenKey: KeyObject, now: Date): Promise<TrialClaims> {
  if (token.length > MAX_TOKEN) throw new SignwrightError('denied', `the ID token is longer than ${MAX_TOKEN} characters`);
  const { jwtVerify } = await import('jose');
  try {
    const { payload } = await jwtVerify(token, createPublicKey(tokenKey), {
      algorithms: ['ES256'],
      issuer: TRIAL_ISSUER,
      audience: TRIAL_AUDIENCE,
      requiredClaims: ['sub', 'iat', 'exp'],
      currentDate: now,
    });
    const claims = Object.fromEntries(Object.entries(payload).filter(([name]) => !REGISTERED.has(name)));
    return checkClaims(claims, 'the ID token');
  } catch (cause) {
    throw new SignwrightError('denied', `the trial authority refuses the ID token: ${messageOf(cause)}`, {
      next: 'it takes tokens of its own identity provider, for its own audience, in the five minutes they live',
    });
  }
}
