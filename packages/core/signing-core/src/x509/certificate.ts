import { createHash, type KeyObject, X509Certificate } from 'node:crypto';
import { SignwrightError } from '../error.ts';
import { bytesOf, child, isContext, readDer, readTime } from './der.ts';
import { type Extensions, readExtensions } from './extensions.ts';

/** A parsed certificate (RFC 5280). Bytes are as they were; times are milliseconds since 1970 UTC. */
export type Certificate = {
  readonly der: Buffer;
  /** 64 hex digits over the DER. */
  readonly fingerprint: string;
  readonly serialNumber: Buffer;
  readonly issuer: Buffer;
  readonly subject: Buffer;
  /** For people: `CN=…, O=…`. */
  readonly subjectText: string;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly publicKey: KeyObject;
  readonly signatureAlgorithm: string;
  readonly extensions: Extensions;
  /** Whether `issuer` signed it (the signature alone). */
  isSignedBy(issuer: Certificate): boolean;
};

const MAX_CERTIFICATE = 65_536;
const V3 = 2n;

/**
 * Parses a certificate in DER: version 3, no duplicate extension, nothing behind its end. Both OpenSSL (for the key and the
 * signature) and a strict DER reader (for names, times and extensions) must accept it.
 *
 * @throws SignwrightError `invalid-input`.
 */
export function parseCertificate(der: Uint8Array, what = 'the certificate'): Certificate {
  try {
    if (der.length > MAX_CERTIFICATE) throw new Error(`is larger than ${MAX_CERTIFICATE} bytes`);
    return remembered(Buffer.from(der));
  } catch (cause) {
    throw new SignwrightError('invalid-input', `${what} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/** Thousands of bundles of a run carry the same few certificates; each is parsed, and its issuer's signature checked, once. */
const known = new Map<string, Certificate>();
const MOST_KNOWN = 64;

function remembered(der: Buffer): Certificate {
  const fingerprint = createHash('sha256').update(der).digest('hex');
  const before = known.get(fingerprint);
  if (before) return before;
  const certificate = read(der, fingerprint);
  if (known.size >= MOST_KNOWN) known.delete(known.keys().next().value as string);
  known.set(fingerprint, certificate);
  return certificate;
}

function read(der: Buffer, fingerprint: string): Certificate {
  const root = readDer(der);
  const tbs = child(root, 0);
  const version = child(tbs, 0);
  if (!isContext(version, 0) || child(version, 0).toInteger() !== V3) throw new Error('not version 3');
  const validity = child(tbs, 4);
  const algorithm = child(child(root, 1), 0).toOID();
  if (child(child(tbs, 2), 0).toOID() !== algorithm) throw new Error('two different signature algorithms');
  const openssl = new X509Certificate(der);
  // Node looks for PEM first, anywhere in the bytes: without this a genuine certificate hidden in a forged one would vouch for it.
  if (!openssl.raw.equals(der)) throw new Error('OpenSSL reads another certificate in it');
  const extensions = tbs.subs.find((part) => isContext(part, 3));
  const signedBy = new Map<string, boolean>();
  const certificate: Certificate = {
    der,
    fingerprint,
    serialNumber: child(tbs, 1).value,
    issuer: bytesOf(child(tbs, 3)),
    subject: bytesOf(child(tbs, 5)),
    subjectText: textOf(openssl.subject),
    notBefore: readTime(child(validity, 0)),
    notAfter: readTime(child(validity, 1)),
    publicKey: openssl.publicKey,
    signatureAlgorithm: algorithm,
    extensions: readExtensions(extensions ? child(extensions, 0).subs : []),
    isSignedBy(issuer) {
      const before = signedBy.get(issuer.fingerprint);
      if (before !== undefined) return before;
      const answer = openssl.verify(issuer.publicKey);
      signedBy.set(issuer.fingerprint, answer);
      return answer;
    },
  };
  // Malformed extensions are found here, where a certificate is read, and nowhere later.
  const readers = [keyUsageOf, extendedKeyUsageOf, basicConstraintsOf, subjectKeyIdentifierOf, authorityKeyIdentifierOf];
  for (const read of readers) read(certificate);
  return certificate;
}

/** Node has `undefined` for an empty subject, which Fulcio's leaves have, whatever its types say. */
function textOf(subject: string | undefined): string {
  return (subject ?? '').split('\n').join(', ');
}

/** OIDs of the extensions we read. */
export const OID = {
  keyUsage: '2.5.29.15',
  subjectAlternativeName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  extendedKeyUsage: '2.5.29.37',
  subjectKeyIdentifier: '2.5.29.14',
  authorityKeyIdentifier: '2.5.29.35',
  nameConstraints: '2.5.29.30',
  crlDistributionPoints: '2.5.29.31',
  authorityInformationAccess: '1.3.6.1.5.5.7.1.1',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  ocspSigning: '1.3.6.1.5.5.7.3.9',
  anyExtendedKeyUsage: '2.5.29.37.0',
  /** On every certificate of a trial authority; a verdict that rests on one says `development`. Go reads no arc of 32 bits or more. */
  trialMarker: '2.25.1879087246.1',
  /** The environments a certificate may sign for, which our own CA writes: SEQUENCE OF UTF8String. */
  environments: '2.25.1879087246.2',
} as const;

export type KeyUsage = { readonly digitalSignature: boolean; readonly keyCertSign: boolean; readonly cRLSign: boolean };

/** Bits of KeyUsage by number (RFC 5280, 4.2.1.3); `undefined` where the extension is absent. */
export function keyUsageOf(certificate: Certificate): KeyUsage | undefined {
  const extension = certificate.extensions.get(OID.keyUsage);
  if (!extension) return undefined;
  const bits = readDer(extension.value).toBitString();
  return { digitalSignature: bits[0] === 1, keyCertSign: bits[5] === 1, cRLSign: bits[6] === 1 };
}

/** The purposes of ExtendedKeyUsage; `undefined` where the extension is absent. */
export function extendedKeyUsageOf(certificate: Certificate): { critical: boolean; purposes: string[] } | undefined {
  const extension = certificate.extensions.get(OID.extendedKeyUsage);
  if (!extension) return undefined;
  return { critical: extension.critical, purposes: readDer(extension.value).subs.map((purpose) => purpose.toOID()) };
}

/** BasicConstraints; an absent extension is no CA. */
export function basicConstraintsOf(certificate: Certificate): { ca: boolean; critical: boolean; pathLength?: number } {
  const extension = certificate.extensions.get(OID.basicConstraints);
  const parts = extension ? readDer(extension.value).subs : [];
  const flag = parts[0]?.tag.isBoolean() ? parts[0] : undefined;
  const [length, ...more] = parts.slice(flag ? 1 : 0);
  const pathLength = length && Number(length.toInteger());
  if (more.length > 0 || (pathLength ?? 0) < 0) throw new Error('its basic constraints are malformed');
  return {
    ca: flag?.toBoolean() ?? false,
    critical: extension?.critical ?? false,
    ...(pathLength === undefined ? {} : { pathLength }),
  };
}

/** SubjectKeyIdentifier; `undefined` where the extension is absent. */
export function subjectKeyIdentifierOf(certificate: Certificate): Buffer | undefined {
  const extension = certificate.extensions.get(OID.subjectKeyIdentifier);
  return extension && readDer(extension.value).value;
}

/** The key identifier of AuthorityKeyIdentifier; `undefined` where there is none. */
export function authorityKeyIdentifierOf(certificate: Certificate): Buffer | undefined {
  const extension = certificate.extensions.get(OID.authorityKeyIdentifier);
  return extension && readDer(extension.value).subs.find((part) => isContext(part, 0))?.value;
}

/** Whether a certificate is by a CA of its own name: for a new key of it, or a root. */
export function isSelfIssued(certificate: Certificate): boolean {
  return certificate.issuer.equals(certificate.subject);
}

/** Whether a trial authority made it. */
export function isTrial(certificate: Certificate): boolean {
  return certificate.extensions.has(OID.trialMarker);
}
