import { createHash, type KeyObject } from 'node:crypto';
import { type Certificate, derWriter, OID, spkiOf, subjectKeyIdentifierOf } from '@signwright/signing-core';

const { bitString, constructed, elementsOf, generalizedTime, integer, octetString, oid, primitive, sequence, TRUE, utf8String } =
  derWriter;

/** Writers of the extensions of RFC 5280, 4.2 and 5.2, that our CA uses; each the whole Extension in DER. */

export function extension(id: string, value: Uint8Array, critical = false): Buffer {
  return sequence(oid(id), ...(critical ? [TRUE] : []), octetString(value));
}

/** Of a CA that certifies `pathLength` levels of CAs below it. */
export function caConstraints(pathLength: number): Buffer {
  return extension(OID.basicConstraints, sequence(TRUE, integer(BigInt(pathLength))), true);
}

const USAGES: { readonly [usage in 'digitalSignature' | 'keyCertSign and cRLSign']: Buffer } = {
  digitalSignature: bitString(Buffer.of(0x80), 7),
  'keyCertSign and cRLSign': bitString(Buffer.of(0x06), 1),
};

export function keyUsage(usage: keyof typeof USAGES): Buffer {
  return extension(OID.keyUsage, USAGES[usage], true);
}

export function forCodeSigning(): Buffer {
  return extension(OID.extendedKeyUsage, sequence(oid(OID.codeSigning)));
}

/** 20 bytes of SHA-256 over the key's bits (RFC 7093, 2, method 1). */
export function keyIdentifier(key: KeyObject): Buffer {
  const [, bits = Buffer.of()] = elementsOf(elementsOf(spkiOf(key))[0] as Buffer);
  return createHash('sha256').update(bits.subarray(1)).digest().subarray(0, 20);
}

/** The key identifier that a CA's certificate says, and what it certifies repeats. */
export function keyIdentifierOf(certificate: Certificate): Buffer {
  return subjectKeyIdentifierOf(certificate) ?? keyIdentifier(certificate.publicKey);
}

export function subjectKeyIdentifier(id: Buffer): Buffer {
  return extension(OID.subjectKeyIdentifier, octetString(id));
}

/** @param id the issuer's subject key identifier. */
export function authorityKeyIdentifier(id: Buffer): Buffer {
  return extension('2.5.29.35', sequence(primitive(0, id)));
}

/** A name that a certificate is for. */
export type SubjectName = { readonly type: 'uri' | 'email'; readonly value: string };

/** Critical, as RFC 5280, 4.2.1.6 wants it beside an empty subject. */
export function alternativeName({ type, value }: SubjectName): Buffer {
  const name = primitive(type === 'uri' ? 6 : 1, Buffer.from(value, 'latin1'));
  return extension(OID.subjectAlternativeName, sequence(name), true);
}

/** @param url where the issuer's CRL is. */
export function crlAt(url: string): Buffer {
  const name = constructed(0, constructed(0, primitive(6, Buffer.from(url, 'latin1'))));
  return extension('2.5.29.31', sequence(sequence(name)));
}

/** One of Fulcio's, with text. */
export function textExtension(id: string, text: string): Buffer {
  return extension(id, utf8String(text));
}

/** The environments it may sign for. */
export function environmentsExtension(environments: readonly string[]): Buffer {
  return extension(OID.environments, sequence(...environments.map(utf8String)));
}

export function crlNumber(number: number): Buffer {
  return extension('2.5.29.20', integer(BigInt(number)));
}

/** That the CRL keeps those that expired since (X.509, 9.5.2.8). */
export function keepsExpiredSince(at: Date): Buffer {
  return extension('2.5.29.60', generalizedTime(at));
}
