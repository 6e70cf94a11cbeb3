import { createPublicKey, type KeyObject } from 'node:crypto';
import { type AwsKmsReference, SignwrightError } from '@signwright/signing-core';
import type { FoundKey } from './read-answer.ts';
import { shown } from './shown.ts';

const NEXT = 'make a key with KeyUsage SIGN_VERIFY and KeySpec ECC_NIST_P256, and name that';

/**
 * The public key that was found, if it is one to sign with.
 *
 * @throws SignwrightError `configuration` that says what the key is for or of which spec, where it is another.
 */
export function publicKeyOf(found: FoundKey, { text: where }: AwsKmsReference): KeyObject {
  if (found.usage !== 'SIGN_VERIFY')
    throw new SignwrightError('configuration', `the key is for ${shown(found.usage)}, not for signing (SIGN_VERIFY)`, {
      where,
      next: NEXT,
    });
  try {
    return createPublicKey({ key: Buffer.from(found.publicKey), format: 'der', type: 'spki' });
  } catch (cause) {
    throw new SignwrightError('configuration', `the key is of spec ${shown(found.spec)}, which is not accepted`, {
      where,
      next: NEXT,
      cause,
    });
  }
}
