import { createPublicKey, type KeyObject } from 'node:crypto';
import type { GetPublicKeyCommandOutput } from '@aws-sdk/client-kms';
import { type AwsKmsReference, SignwrightError } from '@signwright/signing-core';

const NEXT = 'make a key with KeyUsage SIGN_VERIFY and KeySpec ECC_NIST_P256, and name that';

/**
 * The public key that was found, if it is one to sign with.
 *
 * @throws SignwrightError `configuration` that says what the key is for or of which spec, where it is another.
 */
export function publicKeyOf(found: GetPublicKeyCommandOutput, { text: where }: AwsKmsReference): KeyObject {
  if (found.KeyUsage !== 'SIGN_VERIFY')
    throw new SignwrightError('configuration', `the key is for ${found.KeyUsage}, not for signing (SIGN_VERIFY)`, {
      where,
      next: NEXT,
    });
  try {
    return createPublicKey({ key: Buffer.from(found.PublicKey ?? []), format: 'der', type: 'spki' });
  } catch (cause) {
    throw new SignwrightError('configuration', `the key is of spec ${found.KeySpec}, which is not accepted`, {
      where,
      next: NEXT,
      cause,
    });
  }
}
