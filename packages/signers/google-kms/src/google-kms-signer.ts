import { createPublicKey, type KeyObject } from 'node:crypto';
import { checkPinned, checkRequest, type GoogleKmsReference, type Signer, SignwrightError } from '@signwright/signing-core';
import { algorithmsFor, wordsOf } from './algorithms.ts';
import { connectGoogleKms, type GoogleKmsOptions } from './connect.ts';

/**
 * A signer whose key version stays in Google Cloud KMS. Opening it asks for the public key, and holds its algorithm and the pinned
 * key against what is there; each signature is one request (`AsymmetricSign`, with our digest). Both ways are checked by CRC32C.
 *
 * Credentials are the application's default ones, from where Google's own tools look for them.
 *
 * @throws SignwrightError `configuration` where the key cannot be used, or is not the one the policy pins; `unreachable` where
 * Google was not reached, is throttled or broken; `invalid-input` where what it said was corrupted; `cancelled`. So does each `sign`.
 */
export async function createGoogleKmsSigner(reference: GoogleKmsReference, options: GoogleKmsOptions): Promise<Signer> {
  const where = reference.text;
  const kms = connectGoogleKms(reference, options);
  const { pem, algorithm } = await kms.getPublicKey();
  const key = readKey(pem ?? '');
  if (key !== undefined) checkPinned(key, options.publicKey, where);
  const allowed = algorithmsFor(key, String(algorithm), where);
  if (key === undefined) throw new SignwrightError('configuration', 'the public key cannot be read', { where });
  return {
    publicKey: async () => key,
    certificate: async () => undefined,
    sign: async (request) => {
      checkRequest(request, allowed, where);
      return kms.sign(wordsOf(request));
    },
  };
}

/** Some algorithms have no PEM, or one that Node does not know: they are refused by name. */
function readKey(pem: string): KeyObject | undefined {
  try {
    return createPublicKey(pem);
  } catch {
    return undefined;
  }
}
