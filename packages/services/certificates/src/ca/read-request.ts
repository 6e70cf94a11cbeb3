import { createPublicKey, type KeyObject } from 'node:crypto';
import { messageOf, OID, SignwrightError } from '@signwright/signing-core';
import { loadX509 } from '../trial/x509-library.ts';

type GeneralName = { type: 'uri' | 'email' | 'dns'; value: string } | { type: 'other' };
export type CertificateRequest = {
  readonly publicKey: KeyObject;
  readonly subjectEmpty: boolean;
  readonly names: readonly GeneralName[];
  readonly extensions: readonly string[];
};

const MAX_REQUEST = 16_384;
const TYPES: { readonly [type: string]: 'uri' | 'email' | 'dns' } = { url: 'uri', email: 'email', dns: 'dns' };

/** A certificate request that is signed by the key it is for. @throws SignwrightError `invalid-input`. */
export async function readRequest(der: Uint8Array): Promise<CertificateRequest> {
  const fail = (why: string, cause?: unknown): never => {
    throw new SignwrightError('invalid-input', `the certificate request cannot be taken: ${why}`, { cause });
  };
  if (der.length > MAX_REQUEST) fail(`it is larger than ${MAX_REQUEST} bytes`);
  const x509 = await loadX509();
  try {
    const request = new x509.Pkcs10CertificateRequest(Buffer.from(der));
    if (!(await request.verify())) fail('it is not signed by the key that it is for');
    const san = request.getExtension(OID.subjectAlternativeName);
    const names = san ? new x509.SubjectAlternativeNameExtension(san.rawData).names.toJSON() : [];
    return {
      publicKey: createPublicKey({ key: Buffer.from(request.publicKey.rawData), format: 'der', type: 'spki' }),
      subjectEmpty: request.subject === '',
      names: names.map(({ type, value }) => (TYPES[type] === undefined ? { type: 'other' } : { type: TYPES[type], value })),
      extensions: request.extensions.map(({ type }) => type),
    };
  } catch (cause) {
    if (cause instanceof SignwrightError) throw cause;
    return fail(messageOf(cause), cause);
  }
}
