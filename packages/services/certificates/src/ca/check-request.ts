import type { KeyObject } from 'node:crypto';
import { algorithmsOf, messageOf, OID, SignwrightError } from '@signwright/signing-core';
import type { SubjectName } from './extensions.ts';
import { type CertificateKeyType, keyTypeOf } from './key-type.ts';
import { readRequest } from './read-request.ts';

/**
 * Checks a certificate request (PKCS#10): it is signed by the key it is for, which is one of those the profile takes, and it asks for
 * nothing but, at the most, the name that the certificate gets anyway.
 *
 * @returns the key.
 * @throws SignwrightError `invalid-input` where it cannot be read or is not signed by its key; `denied` where it asks for too much.
 */
export async function checkCertificateRequest(
  csr: Uint8Array,
  wanted: { readonly keys: readonly CertificateKeyType[]; readonly san: SubjectName },
): Promise<KeyObject> {
  const { publicKey, subjectEmpty, names, extensions } = await readRequest(csr);
  const { keys, san } = wanted;
  try {
    algorithmsOf(publicKey);
  } catch (cause) {
    throw denied(messageOf(cause), { cause });
  }
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

function denied(why: string, details: { next?: string; cause?: unknown } = {}): SignwrightError {
  return new SignwrightError('denied', `the certificate request is refused: ${why}`, details);
}
