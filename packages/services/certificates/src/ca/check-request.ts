import type { KeyObject } from 'node:crypto';
import { OID, parseCertificateRequest, SignwrightError } from '@signwright/signing-core';
import type { SubjectName } from './extensions.ts';
import { type CertificateKeyType, keyTypeOf } from './key-type.ts';

/**
 * Checks a certificate request (PKCS#10): it is signed by the key it is for, which is one of those the profile takes, and it asks for
 * nothing but, at the most, the name that the certificate gets anyway.
 *
 * @returns the key.
 * @throws SignwrightError `invalid-input` where it cannot be read, its key is weak or did not sign it; `denied` where it asks for too much.
 */
export function checkCertificateRequest(
  csr: Uint8Array,
  wanted: { readonly keys: readonly CertificateKeyType[]; readonly san: SubjectName },
): KeyObject {
  const { publicKey, subjectEmpty, names, extensions } = parseCertificateRequest(csr);
  const { keys, san } = wanted;
  const type = keyTypeOf(publicKey);
  if (!keys.some((key) => key === type)) throw denied(`its key is ${type}, and the profile takes ${keys.join(' or ')}`);
  if (!subjectEmpty)
    throw denied('it asks for a distinguished name, and certificates have none', { next: 'leave its subject empty' });
  const foreign = extensions.find((oid) => oid !== OID.subjectAlternativeName);
  if (foreign !== undefined)
    throw denied(`it asks for the extension ${foreign}`, { next: 'ask for none: the policy says what the certificate has' });
  for (const name of names)
    if (name.type === 'other' || name.type !== san.type || name.value !== san.value)
      throw denied(
        `it asks for ${name.type === 'other' ? 'a name of another kind' : `the name ${name.value}`}, not ${san.value}`,
        {
          next: 'ask for no name: the certificate has the one that was proved',
        },
      );
  return publicKey;
}

function denied(why: string, details: { next?: string } = {}): SignwrightError {
  return new SignwrightError('denied', `the certificate request is refused: ${why}`, details);
}
