import { isoTime } from '../formats/iso-time.ts';
import type { Certificate } from '../x509/certificate.ts';
import { sanOf } from '../x509/claims.ts';
import type { ReliedOn } from './relied-on.ts';
import { badSince, isHarmless, type RevocationStatus } from './revocation-status.ts';

/** What revocation means for something that was signed: it may count, does not, or nobody knows. */
export type RevocationStanding =
  | { readonly status: 'good' }
  | { readonly status: 'revoked' | 'unknown'; readonly message: string };

/** A certificate with what is known of it. */
export type AnsweredCertificate = { readonly of: ReliedOn; readonly status: RevocationStatus };

/**
 * Judges what was signed at an instant by what is known of every certificate it rests on. Revoked outweighs unknown. What the trust
 * root lists itself needs no answer where nobody could give one, nor do leaves that live so briefly that their authority may do
 * without.
 *
 * @param signedAt milliseconds since 1970 UTC, a trusted time.
 */
export function judgeRevocation(asked: readonly AnsweredCertificate[], signedAt: number): RevocationStanding {
  let unknown: RevocationStanding | undefined;
  for (const { of, status } of asked) {
    if (status.status === 'revoked') {
      const message = whyBad(of, status, signedAt);
      if (message !== undefined) return { status: 'revoked', message };
    }
    if (status.status === 'unknown' && needsAnswer(of, status))
      unknown ??= { status: 'unknown', message: `whether ${nameOf(of)} is revoked is not known: ${status.why}${longLived(of)}` };
  }
  return unknown ?? { status: 'good' };
}

/** Whether a leaf lives so briefly that its authority may do without revocation. */
export function livesBriefly({ certificate, listed, withoutRevocation }: ReliedOn): boolean {
  if (listed || withoutRevocation === undefined) return false;
  return certificate.notAfter - certificate.notBefore <= withoutRevocation * 1000;
}

function needsAnswer(of: ReliedOn, { nobody }: RevocationStatus & { readonly status: 'unknown' }): boolean {
  return of.listed ? nobody !== true : !livesBriefly(of);
}

function longLived(of: ReliedOn): string {
  const { certificate, listed, withoutRevocation } = of;
  if (listed || withoutRevocation === undefined) return '';
  const lives = Math.round((certificate.notAfter - certificate.notBefore) / 1000);
  return ` (its authority may do without for certificates of ${withoutRevocation} s, and this one is of ${lives} s)`;
}

/** Why what it signed then does not count; undefined where it was signed before it mattered. */
function whyBad(of: ReliedOn, status: RevocationStatus & { readonly status: 'revoked' }, signedAt: number): string | undefined {
  const since = badSinceOf(of, status);
  if (signedAt < since) return undefined;
  const { revokedAt, reason, by, asOf } = status;
  const what = `${nameOf(of)} was revoked at ${isoTime(revokedAt)} (${reason}), as ${by} of ${isoTime(asOf)} says`;
  const did = of.as === 'signer' ? 'signed' : 'timestamped';
  if (since === Number.NEGATIVE_INFINITY) return `${what}: nothing that was ${did} under it counts`;
  return `${what}: what was ${did} under it from ${isoTime(since)} on does not count, and this was at ${isoTime(signedAt)}`;
}

/** A key that attests the time can be made to attest an earlier one: once it is stolen, no date tells what is genuine (RFC 3161, 4). */
function badSinceOf(of: ReliedOn, status: RevocationStatus & { readonly status: 'revoked' }): number {
  return of.as === 'timestamp' && !isHarmless(status.reason) ? Number.NEGATIVE_INFINITY : badSince(status);
}

/** A certificate, for people: what it is, whose, and its serial number. */
function nameOf({ as, listed, certificate }: ReliedOn): string {
  const what = listed
    ? 'the certificate of'
    : as === 'signer'
      ? "the signer's certificate of"
      : "the timestamp authority's certificate of";
  return `${what} ${subjectOf(certificate)} (serial ${certificate.serialNumber.toString('hex')})`;
}

function subjectOf(certificate: Certificate): string {
  if (certificate.subjectText !== '') return certificate.subjectText;
  try {
    return sanOf(certificate);
  } catch {
    return certificate.fingerprint.slice(0, 16);
  }
}
