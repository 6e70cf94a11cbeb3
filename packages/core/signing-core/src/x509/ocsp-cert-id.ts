import { createHash } from 'node:crypto';
import type { Certificate } from './certificate.ts';
import { child, type Der, readDer } from './der.ts';
import { readBits } from './signature-algorithms.ts';

/** The hashes a CertID names an issuer by. SHA-1 here only names: nobody gains by a collision, for the issuer's key signs the answer. */
const HASHES: { readonly [oid: string]: string } = { '1.3.14.3.2.26': 'sha1', '2.16.840.1.101.3.4.2.1': 'sha256' };

/** Digest of a CA's public key as OCSP takes it: over the bits of its SubjectPublicKeyInfo. */
export function keyHashOf(certificate: Certificate, hash: string): Buffer {
  const spki = child(child(readDer(certificate.der), 0), 6);
  return createHash(hash)
    .update(readBits(child(spki, 1)))
    .digest();
}

/** Whether a CertID (RFC 6960, 4.1.1) is that of a certificate: its issuer's name and key, and its serial number. */
export function isCertId(id: Der, certificate: Certificate, issuer: Certificate): boolean {
  const hash = HASHES[child(child(id, 0), 0).toOID()];
  if (hash === undefined || !child(id, 3).tag.isInteger()) return false;
  const name = createHash(hash).update(issuer.subject).digest();
  return (
    child(id, 3).value.equals(certificate.serialNumber) &&
    child(id, 1).value.equals(name) &&
    child(id, 2).value.equals(keyHashOf(issuer, hash))
  );
}
