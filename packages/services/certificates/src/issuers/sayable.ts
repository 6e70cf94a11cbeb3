import { repeats } from './repeats.ts';

const LONGEST = 200;
const CONTROL = /[\p{Cc}\p{Cf}\u2028\u2029]+/gu;

/**
 * What a service said, to be shown behind a message: on one line, of bounded length, and not at all where it repeats a piece of the
 * token, in whatever form ({@link repeats}).
 *
 * @returns `: …`, or nothing.
 */
export function sayable(said: unknown, token?: string): string {
  if (typeof said !== 'string') return '';
  const plain = said
    .slice(0, 8 * LONGEST)
    .replace(CONTROL, ' ')
    .trim();
  if (plain === '' || (token !== undefined && repeats(said.slice(0, 8 * LONGEST), token))) return '';
  return `: ${plain.length > LONGEST ? `${plain.slice(0, LONGEST)}…` : plain}`;
}

const MAX_CLAIM = 200;

/** What an ID token says of itself, for people who must find out why it is refused: issuer, audience and end, nothing more. */
export function describeToken(token: string): string {
  try {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as Record<string, unknown>;
    const { iss, aud, exp } = claims;
    const audience = Array.isArray(aud) ? aud.join(', ') : aud;
    const until = typeof exp === 'number' && Number.isSafeInteger(exp * 1000) ? new Date(exp * 1000).toISOString() : 'never';
    return `the token is of ${word(iss)} for the audience ${word(audience)} and ends ${until}`;
  } catch {
    return 'what was sent is no ID token';
  }
}

function word(claim: unknown): string {
  return typeof claim === 'string' ? JSON.stringify(claim.slice(0, MAX_CLAIM)) : 'nobody';
}
