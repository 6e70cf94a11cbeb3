import {
  type AwsKmsReference,
  checkPinned,
  checkRequest,
  type RemoteKeyOptions,
  type Signer,
  type SignRequest,
  SignwrightError,
} from '@signwright/signing-core';
import { algorithmsOffered, wordsOf } from './algorithms.ts';
import { type AwsKms, connectAwsKms } from './connect.ts';
import { publicKeyOf } from './public-key.ts';
import { readKey, readSigned } from './read-answer.ts';
import { shown } from './shown.ts';

/**
 * A signer whose key stays in AWS KMS. Opening it asks for the public key, and holds usage, algorithms and the pinned key against
 * what is there; each signature is one request (`Sign` of AWS KMS, the digest as `MessageType: DIGEST`), and the digest is ours.
 *
 * Region and credentials come from where AWS's own tools look for them, unless the reference says the region.
 *
 * @throws SignwrightError `configuration` where the key cannot be used, or is not the one the policy pins, which names what to
 * change; `unreachable` where AWS was not reached, is throttled or broken; `invalid-input` for an answer that is none; `cancelled`. So does each `sign`.
 */
export async function createAwsKmsSigner(reference: AwsKmsReference, options: RemoteKeyOptions): Promise<Signer> {
  const kms = connectAwsKms(reference, options);
  const found = readKey(await kms.getPublicKey(), reference.text);
  const key = publicKeyOf(found, reference);
  checkPinned(key, options.publicKey, reference.text);
  const allowed = algorithmsOffered(key, found.algorithms, reference);
  return {
    publicKey: async () => key,
    certificate: async () => undefined,
    sign: async (request) => {
      checkRequest(request, allowed, reference.text);
      return sign(kms, request, { arn: found.arn, reference });
    },
  };
}

type Opened = { readonly arn: string | undefined; readonly reference: AwsKmsReference };

async function sign(kms: AwsKms, request: SignRequest, { arn, reference }: Opened): Promise<Uint8Array> {
  const signed = readSigned(await kms.sign(wordsOf(request, reference)), reference.text);
  // Whoever may use an alias only (kms:RequestAlias) must ask by it, and it may be moved between two requests.
  if (signed.arn !== undefined && arn !== undefined && idOf(signed.arn) !== idOf(arn)) {
    const message = `the key there is now ${shown(signed.arn)}; it was ${shown(arn)} when this run began`;
    throw new SignwrightError('configuration', message, {
      where: reference.text,
      next: 'it was rotated meanwhile: run again, and "signwright signer rotate SIGNER" drafts the lines that pin the new key',
    });
  }
  return signed.signature;
}

/** The key's id, with or without the rest of its ARN. */
function idOf(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}
