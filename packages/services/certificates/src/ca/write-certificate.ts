import type { KeyObject } from 'node:crypto';
import { derWriter, type Signer, spkiOf } from '@signwright/signing-core';
import { signDer } from './sign-der.ts';

const { constructed, integer, oid, sequence, setOf, time, utf8String } = derWriter;

/** What a certificate of ours says. Names and extensions in DER. */
export type CertificateContent = {
  /** Hex. */
  readonly serial: string;
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** Whole seconds. */
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly publicKey: KeyObject;
  readonly extensions: readonly Uint8Array[];
};

const VERSION_3 = constructed(0, integer(2n));

/** A certificate (RFC 5280, 4.1), signed. @throws what {@link signDer} throws. */
export function writeCertificate(content: CertificateContent, signer: Signer): Promise<Buffer> {
  const { serial, issuer, subject, notBefore, notAfter, publicKey, extensions } = content;
  return signDer(signer, (algorithm) =>
    sequence(
      VERSION_3,
      integer(BigInt(`0x${serial}`)),
      algorithm,
      issuer,
      sequence(time(notBefore), time(notAfter)),
      subject,
      spkiOf(publicKey),
      constructed(3, sequence(...extensions)),
    ),
  );
}

/** No name: who it is for stands in the alternative name. */
export const EMPTY_NAME: Buffer = sequence();

/** A distinguished name of an organisation and what it is called there. */
export function distinguishedName(organization: string, commonName: string): Buffer {
  const part = (type: string, text: string): Buffer => setOf(sequence(oid(type), utf8String(text)));
  return sequence(part('2.5.4.10', organization), part('2.5.4.3', commonName));
}
