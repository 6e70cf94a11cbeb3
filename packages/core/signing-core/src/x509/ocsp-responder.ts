import { messageOf } from '../error.ts';
import { algorithmsOf } from '../keys.ts';
import { type Certificate, extendedKeyUsageOf, keyUsageOf, OID, parseCertificate } from './certificate.ts';
import { notUnderstood } from './extensions.ts';
import { keyHashOf } from './ocsp-cert-id.ts';
import type { OcspResponse } from './ocsp-response.ts';
import { holds, isAccepted } from './signature-algorithms.ts';

const NO_CHECK = '1.3.6.1.5.5.7.48.1.5';
const UNDERSTOOD = new Set<string>([
  OID.keyUsage,
  OID.subjectAlternativeName,
  OID.basicConstraints,
  OID.extendedKeyUsage,
  NO_CHECK,
]);
/** How long a responder's certificate may live that nobody can revoke and that does not say so. */
const SHORT = 31 * 24 * 60 * 60 * 1000;
const MOST_CERTIFICATES = 8;

/**
 * Whether the issuer of a certificate vouches for an OCSP response (RFC 6960, 4.2.2.2): it signed it itself, or a responder did whose
 * certificate it issued directly and for that. Nobody can ask whether that responder is revoked without asking a responder: its
 * certificate must say that it need not be asked (ocsp-nocheck), or live no longer than 31 days.
 *
 * Throws an Error that says why not.
 */
export function checkResponder(response: OcspResponse, issuer: Certificate, at: number): void {
  const responder = isNamed(response, issuer) ? issuer : delegateOf(response, issuer, at);
  if (!holds(response.signed, responder.publicKey)) throw new Error('the signature does not hold');
}

function isNamed({ responder }: OcspResponse, certificate: Certificate): boolean {
  if ('name' in responder) return responder.name.equals(certificate.subject);
  return responder.keyHash.equals(keyHashOf(certificate, 'sha1'));
}

function delegateOf(response: OcspResponse, issuer: Certificate, at: number): Certificate {
  if (response.certificates.length > MOST_CERTIFICATES) throw new Error(`it brings more than ${MOST_CERTIFICATES} certificates`);
  const [delegate] = response.certificates.flatMap(readable).filter((certificate) => isNamed(response, certificate));
  if (!delegate) throw new Error('it is neither by the issuer of the certificate nor brings the certificate of who made it');
  const why = whyNotDelegate(delegate, issuer, at);
  if (why !== undefined) throw new Error(`its responder ${delegate.subjectText} ${why}`);
  return delegate;
}

function readable(der: Buffer): Certificate[] {
  try {
    return [parseCertificate(der)];
  } catch {
    return [];
  }
}

function whyNotDelegate(delegate: Certificate, issuer: Certificate, at: number): string | undefined {
  if (!isAccepted(delegate.signatureAlgorithm)) return `has a certificate signed with ${delegate.signatureAlgorithm}, too weak`;
  if (!delegate.issuer.equals(issuer.subject) || !delegate.isSignedBy(issuer))
    return 'was not appointed by the issuer of the certificate';
  if (at < delegate.notBefore || at > delegate.notAfter) return 'has a certificate that is not valid now';
  if (!extendedKeyUsageOf(delegate)?.purposes.includes(OID.ocspSigning)) return 'has a certificate that is not for OCSP answers';
  if (keyUsageOf(delegate)?.digitalSignature === false) return 'has a certificate that is not for signatures';
  const unknown = notUnderstood(delegate.extensions, UNDERSTOOD);
  if (unknown !== undefined) return `has a certificate with the critical extension ${unknown}, which is not understood`;
  if (!delegate.extensions.has(NO_CHECK) && delegate.notAfter - delegate.notBefore > SHORT)
    return 'could itself be revoked: its certificate neither says ocsp-nocheck nor lives 31 days at the most';
  return whyWeak(delegate);
}

function whyWeak({ publicKey }: Certificate): string | undefined {
  try {
    algorithmsOf(publicKey);
    return undefined;
  } catch (error) {
    return `has a weak key: ${messageOf(error)}`;
  }
}
