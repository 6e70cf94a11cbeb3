import { algorithmsOf } from '../keys.ts';
import { Refused } from '../refused.ts';
import {
  authorityKeyIdentifierOf,
  basicConstraintsOf,
  type Certificate,
  extendedKeyUsageOf,
  isSelfIssued,
  isTrial,
  keyUsageOf,
  OID,
  subjectKeyIdentifierOf,
} from './certificate.ts';
import { notUnderstood } from './extensions.ts';
import { whyNotNamed } from './name-constraints.ts';
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
  OID.nameConstraints,
  OID.trialMarker,
  OID.environments,
]);

/** Critical extensions that certificates do have and nothing here enforces: said by name, for the number tells nobody. */
const UNSUPPORTED: { readonly [oid: string]: string } = {
  '2.5.29.32': ' (certificate policies)',
  '2.5.29.33': ' (policy mappings)',
  '2.5.29.36': ' (policy constraints)',
  '2.5.29.54': ' (inhibit any policy)',
};
const LONGEST_SERIAL = 20;

/**
 * Validates leaf → authority's chain at one instant (RFC 5280, 6.1, for the chains of a Sigstore trust root): names chain,
 * signatures verify with algorithms we accept, every certificate is in its validity, issuers are CAs that may sign certificates
 * within their path length and for the names they may certify, purposes nest, serial numbers are such, critical extensions are
 * understood. Every certificate of the chain is held to its own constraints, the root too. Certificate policies are not processed:
 * where an extension of theirs is critical, the path is refused.
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
    if (issuer) checkForm(certificate);
    if (depth > 0) checkIssuer(certificate, path.slice(0, depth));
  });
  checkSerials(path);
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
  const [wanted, own] = [authorityKeyIdentifierOf(certificate), subjectKeyIdentifierOf(issuer)];
  if (wanted && own && !wanted.equals(own)) {
    throw new Refused('untrusted-certificate', `${name(certificate)} names another key of its issuer than ${name(issuer)} has`);
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
  const unknown = notUnderstood(certificate.extensions, UNDERSTOOD);
  if (unknown !== undefined) {
    const what = `the critical extension ${unknown}${UNSUPPORTED[unknown] ?? ''}`;
    throw new Refused('certificate-profile', `${name(certificate)} has ${what}, which is not understood`);
  }
  const usage = extendedKeyUsageOf(certificate);
  if (usage && !usage.purposes.includes(OID[purpose]) && !usage.purposes.includes(OID.anyExtendedKeyUsage)) {
    throw new Refused('certificate-profile', `${name(certificate)} is not for ${purpose}`);
  }
}

/** What an issuer must hold to in writing a certificate. The last of the chain is not held to it: the trust root vouches for it. */
function checkForm(certificate: Certificate): void {
  const { serialNumber } = certificate;
  if (serialNumber.length > LONGEST_SERIAL || (serialNumber[0] as number) >= 0x80 || serialNumber.every((byte) => byte === 0)) {
    throw new Refused('certificate-profile', `${name(certificate)} has a serial number that is not positive, or over 20 bytes`);
  }
  const { ca, critical, pathLength } = basicConstraintsOf(certificate);
  if (ca && !critical) {
    throw new Refused('certificate-profile', `${name(certificate)} does not say critically that it is a CA`);
  }
  if (!ca && pathLength !== undefined) {
    throw new Refused('certificate-profile', `${name(certificate)} has a path length and is no CA`);
  }
}

/** @param below the certificates under it, the leaf first. */
function checkIssuer(certificate: Certificate, below: readonly Certificate[]): void {
  const constraints = basicConstraintsOf(certificate);
  if (!constraints.ca || keyUsageOf(certificate)?.keyCertSign === false) {
    throw new Refused('untrusted-certificate', `${name(certificate)} is not a CA that may sign certificates`);
  }
  const cas = below.slice(1).filter((one) => !isSelfIssued(one)).length;
  if (constraints.pathLength !== undefined && cas > constraints.pathLength) {
    throw new Refused('untrusted-certificate', `${name(certificate)} allows ${constraints.pathLength} CAs below it, not ${cas}`);
  }
  if (certificate.extensions.has(OID.nameConstraints)) checkNames(certificate, below);
}

/** A CA that issues to itself, for a new key, keeps its name whatever its constraints are. */
function checkNames(certificate: Certificate, below: readonly Certificate[]): void {
  for (const one of below.filter((one, depth) => depth === 0 || !isSelfIssued(one))) {
    const why = whyNotNamed(one, certificate);
    if (why !== undefined) throw new Refused('untrusted-certificate', `${name(one)}, under ${name(certificate)}, ${why}`);
  }
}

/** A CA gives no serial number twice: by it a certificate is revoked. */
function checkSerials(path: readonly Certificate[]): void {
  const seen = new Map<string, Certificate>();
  for (const certificate of path) {
    const id = `${certificate.issuer.toString('hex')} ${certificate.serialNumber.toString('hex')}`;
    const other = seen.get(id);
    if (other && other.fingerprint !== certificate.fingerprint) {
      throw new Refused('certificate-profile', `${name(other)} and ${name(certificate)} have one serial number by one issuer`);
    }
    seen.set(id, certificate);
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
