import { type JsonObject, SignwrightError } from '@signwright/signing-core';
import type { TokenPlatform } from './claims-table.ts';
import { shown } from './shown.ts';

const LEEWAY_S = 60;
const LONGEST_LIFE_S = 24 * 60 * 60;

/**
 * Holds a token to the audience it was asked for. One for several is refused: each of them could use it as its own.
 *
 * @throws SignwrightError `configuration`, with what to set on the platform.
 */
export function checkAudience({ aud }: JsonObject, audience: string, platform: TokenPlatform): void {
  const audiences = Array.isArray(aud) ? (aud as readonly unknown[]) : [aud];
  if (audiences.length === 1 && audiences[0] === audience) return;
  const found = audiences.length === 1 ? `for ${shown(audiences[0])}` : `for ${audiences.length} audiences`;
  throw new SignwrightError('configuration', `the ID token is ${found}, not for ${shown(audience)} alone`, {
    next: `${SET_AUDIENCE[platform]} ${JSON.stringify(audience)}`,
  });
}

const SET_AUDIENCE: { readonly [platform in TokenPlatform]: string } = {
  gitlab: 'in the job: id_tokens: SIGNWRIGHT_ID_TOKEN: aud:',
  github: 'ask GitHub for the audience',
  'azure-devops': 'Azure DevOps has one audience alone; let the certificate issuer take it in place of',
  jenkins: 'give the credential "OpenID Connect id token" the audience',
  kubernetes: 'in the projected serviceAccountToken: audience:',
  generic: 'ask the issuer for the audience',
};

/**
 * Whether a token is in force, with 60 s of leeway, and not for longer than a day.
 *
 * @throws SignwrightError `verification`.
 */
export function checkTimes(claims: JsonObject, now: Date): void {
  const { exp, iat, nbf = iat } = claims;
  const at = now.getTime() / 1000;
  if (!isTime(exp) || !isTime(iat) || !isTime(nbf))
    throw refused('does not say from when (iat, nbf) until when (exp) it is good');
  if (exp + LEEWAY_S <= at)
    throw refused(`has expired at ${instant(exp)}`, 'the job took too long to sign: sign in a job of its own');
  if (Math.max(iat, nbf) - LEEWAY_S > at)
    throw refused(`is good from ${instant(Math.max(iat, nbf))} on, and it is ${instant(at)}`);
  if (exp <= iat || exp - iat > LONGEST_LIFE_S)
    throw refused(`is good for ${exp - iat} s; at most a day is taken`, 'ask for a shorter life');
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && value > 0 && value < 1e11;
}

function instant(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}

function refused(why: string, next = 'check the clocks of this machine and of the issuer'): SignwrightError {
  return new SignwrightError('verification', `the ID token ${why}`, { next });
}
