import { messageOf } from '../error.ts';
import type { RevocationStatus } from '../revocation/revocation-status.ts';
import { type Answer, revokedBy, unknownBy, whyOutOfTime } from './answer.ts';
import type { Certificate } from './certificate.ts';
import type { Crl } from './crl.ts';
import { whyNotCovered } from './crl-scope.ts';

/**
 * What a CRL says of a certificate. Only a CRL by the certificate's own issuer says anything. What it lists is revoked, however old
 * it is and whatever it is for, unless only on hold: a revocation is not taken back. That it is silent counts while it is in time and
 * for a certificate it covers; for one that has expired, where it keeps such.
 *
 * @param issuer the CA that issued it, of the trust root.
 */
export function statusByCrl(crl: Crl, certificate: Certificate, issuer: Certificate, answer: Answer): RevocationStatus {
  const unknown = (why: string): RevocationStatus => unknownBy(answer, why);
  if (!certificate.issuer.equals(issuer.subject) || !certificate.isSignedBy(issuer))
    return unknown('the certificate is of another issuer');
  if (!crl.issuer.equals(issuer.subject)) return unknown('it is of another issuer');
  if (!crl.isSignedBy(issuer)) return unknown('the issuer of the certificate did not sign it, or may not sign CRLs');
  const listed = crl.find(certificate.serialNumber);
  if (listed && listed.reason !== 'certificateHold') return revokedBy(answer, crl.thisUpdate, listed);
  const why = whyOutOfTime(crl, answer) ?? scopeOf(crl, certificate);
  if (why !== undefined) return unknown(why);
  if (listed) return revokedBy(answer, crl.thisUpdate, listed);
  if (answer.at > certificate.notAfter && !(crl.keepsExpiredSince !== undefined && crl.keepsExpiredSince <= certificate.notAfter))
    return unknown('the certificate has expired, and it does not keep those');
  return { status: 'good', asOf: crl.thisUpdate, by: answer.by };
}

function scopeOf(crl: Crl, certificate: Certificate): string | undefined {
  try {
    return whyNotCovered(crl.scope, certificate);
  } catch (error) {
    return `the places for CRLs in the certificate are malformed: ${messageOf(error)}`;
  }
}
