import type { X509Certificate } from 'node:crypto';
import type { JsonObject } from '@signwright/signing-core';

const TRUST_ROOT_MEDIA_TYPE = 'application/vnd.dev.sigstore.trustedroot+json;version=0.1';

/** An authority as a Sigstore TrustedRoot lists it. */
export type AuthorityEntry = {
  subject: { organization?: string; commonName?: string };
  uri: string;
  certChain: { certificates: { rawBytes: string }[] };
  validFor: { start: string };
};

/**
 * Which OIDC issuers a certificate authority may assert; `sha256` is over the DER of its issuing certificate. Leaves that live no longer
 * than `withoutRevocation` ("10m") need no answer on revocation.
 */
export type IssuersEntry = { sha256: string; issuers: readonly string[]; withoutRevocation?: string };

/** @param chain the issuing certificate, or the timestamp authority's own, first; the root last. */
export function authorityEntry(chain: readonly X509Certificate[], uri: string, from: Date): AuthorityEntry {
  const [first] = chain;
  if (first === undefined) throw new TypeError('an empty chain');
  return {
    subject: subjectOf(first),
    uri,
    certChain: { certificates: chain.map((certificate) => ({ rawBytes: certificate.raw.toString('base64') })) },
    validFor: { start: from.toISOString() },
  };
}

/** @param certificate the issuing one, first of its chain. */
export function issuersEntry(certificate: X509Certificate, issuers: readonly string[], withoutRevocation?: string): IssuersEntry {
  const brief = withoutRevocation === undefined ? {} : { withoutRevocation };
  return { sha256: fingerprintOf(certificate), issuers, ...brief };
}

/** 64 hex digits. */
export function fingerprintOf(certificate: X509Certificate): string {
  return certificate.fingerprint256.replaceAll(':', '').toLowerCase();
}

/** A TrustedRoot with nothing in it. */
export function emptyTrustRoot(): JsonObject {
  return { mediaType: TRUST_ROOT_MEDIA_TYPE, tlogs: [], certificateAuthorities: [], ctlogs: [], timestampAuthorities: [] };
}

export function emptyIssuers(): JsonObject {
  return { version: 1, certificateAuthorities: [] };
}

/** JSON for people to read and to review. */
export function written(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function subjectOf(certificate: X509Certificate): AuthorityEntry['subject'] {
  const part = (name: string): string | undefined =>
    certificate.subject
      .split('\n')
      .find((line) => line.startsWith(`${name}=`))
      ?.slice(name.length + 1);
  const [organization, commonName] = [part('O'), part('CN')];
  return { ...(organization === undefined ? {} : { organization }), ...(commonName === undefined ? {} : { commonName }) };
}
