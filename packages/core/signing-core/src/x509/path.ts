import { algorithmsOf } from '../keys.ts';
import { Refused } from '../refused.ts';
import { basicConstraintsOf, type Certificate, extendedKeyUsageOf, isTrial, keyUsageOf, OID } from './certificate.ts';
import { isAccepted } from './signature-algorithms.ts';

/** What a path must be good for. */
export type Purpose = 'codeSigning' | 'timeStamping';

/** An authority of the trust root: its certificates, issuing one first and the root last, and when it is trusted. */
export type Authority = {
  readonly chain: readonly [Certificate, ...Certificate[]];
  readonly validFrom: number;
  readonly validUntil?: number;
  /** The OIDC issuers a certificate authority may assert; `undefined` where the trust root does not list them. */
  readonly issuers?: readonly string[];
  /** How many seconds its leaves may live that need nobody's answer on revocation; absent where each needs one. */
  readonly withoutRevocation?: number;
};

/** Extensions whose meaning is enforced here or by the caller; another critical one refuses the certificate (RFC 5280, 4.2). */
const UNDERSTOOD = new Set<string>([
  OID.keyUsage,
  OID.subjectAlternativeName,
  OID.basicConstraints,
  OID.extendedKeyUsage,
  OID.trialMarker,
]);

/**
 * Validates leaf → authority's chain at one instant (RFC 5280, 6.1, for the chains of a Sigstore trust root): names chain,
 * signatures verify with algorithms we accept, every certificate is in its validity, issuers are CAs that may sign certificates
 * within their path length, purposes nest, critical extensions are understood.
 *
 * @returns whether the path rests on a trial authority.
 * @throws Refused `untrusted-certificate` or `certificate-profile`.
 */
export function checkPath(leaf: Certificate, authority: Authority, at: number, purpose: Purpose): { development: boolean } {
  if (at < authority.validFrom || at > (authority.validUntil ?? Number.POSITIVE_INFINITY)) {
    throw new Refused('untrusted-certificate', `${name(authority.chain[0])} was not trusted at ${iso(at)}`);
  }
  const path = [leaf, ...authority.chain];
  path.forEach((certificate, depth) => {
    const issuer = path[depth + 1];
    if (issuer) checkLink(certificate, issuer);
    checkKey(certificate);
    checkValidity(certificate, at);
    checkExtensions(certificate, purpose);
    if (depth > 0) checkIssuer(certificate, depth - 1);
  });
  checkLeaf(leaf, purpose);
  return { development: path.some(isTrial) };
}

function checkLink(certificate: Certificate, issuer: Certificate): void {
  if (!isAccepted(certificate.signatureAlgorithm)) {
    throw new Refused(
      'untrusted-certificate',
      `${name(certificate)} is signed with ${certificate.signatureAlgorithm}, too weak or unknown`,
    );
  }
  if (!certificate.issuer.equals(issuer.subject) || !certificate.isSignedBy(issuer)) {
    throw new Refused('untrusted-certificate', `${name(certificate)} was not issued by ${name(issuer)} of the trust root`);
  }
}

function checkKey(certificate: Certificate): void {
  try {
    algorithmsOf(certificate.publicKey);
  } catch (error) {
    throw new Refused('untrusted-certificate', `${name(certificate)}: ${(error as Error).message}`);
  }
}

function checkValidity(certificate: Certificate, at: number): void {
  if (at < certificate.notBefore || at > certificate.notAfter) {
    const life = `${iso(certificate.notBefore)} to ${iso(certificate.notAfter)}`;
    throw new Refused('untrusted-certificate', `${name(certificate)} was valid from ${life}, not at ${iso(at)}`);
  }
}

function checkExtensions(certificate: Certificate, purpose: Purpose): void {
  for (const [oid, extension] of certificate.extensions) {
    if (extension.critical && !UNDERSTOOD.has(oid)) {
      throw new Refused('certificate-profile', `${name(certificate)} has the critical extension ${oid}, which is not understood`);
    }
  }
  const usage = extendedKeyUsageOf(certificate);
  if (usage && !usage.purposes.includes(OID[purpose]) && !usage.purposes.includes(OID.anyExtendedKeyUsage)) {
    throw new Refused('certificate-profile', `${name(certificate)} is not for ${purpose}`);
  }
}

function checkIssuer(certificate: Certificate, below: number): void {
  const constraints = basicConstraintsOf(certificate);
  if (!constraints.ca || keyUsageOf(certificate)?.keyCertSign === false) {
    throw new Refused('untrusted-certificate', `${name(certificate)} is not a CA that may sign certificates`);
  }
  if (constraints.pathLength !== undefined && below > constraints.pathLength) {
    throw new Refused(
      'untrusted-certificate',
      `${name(certificate)} allows ${constraints.pathLength} CAs below it, not ${below}`,
    );
  }
}

function checkLeaf(leaf: Certificate, purpose: Purpose): void {
  const usage = extendedKeyUsageOf(leaf);
  if (!usage?.purposes.includes(OID[purpose])) {
    throw new Refused('certificate-profile', `${name(leaf)} does not say it is for ${purpose}`);
  }
  if (basicConstraintsOf(leaf).ca || keyUsageOf(leaf)?.digitalSignature === false) {
    throw new Refused('certificate-profile', `${name(leaf)} is not one that signs data`);
  }
  if (purpose === 'timeStamping' && (!usage.critical || usage.purposes.length !== 1)) {
    throw new Refused('certificate-profile', `${name(leaf)} must be for timeStamping alone, marked critical (RFC 3161, 2.3)`);
  }
}

function name(certificate: Certificate): string {
  return certificate.subjectText === '' ? `certificate ${certificate.fingerprint.slice(0, 16)}` : certificate.subjectText;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
