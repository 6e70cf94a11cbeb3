import type { KeyObject } from 'node:crypto';
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

/**
 * A signer whose key stays in AWS KMS. Opening it asks for the public key, and holds usage, algorithms and the pinned key against
 * what is there; each signature is one request (`Sign` of AWS KMS, the digest as `MessageType: DIGEST`), and the digest is ours.
 *
 * Region and credentials come from where AWS's own tools look for them, unless the reference says the region.
 *
 * @throws SignwrightError `configuration` where the key cannot be used, or is not the one the policy pins, which names what to
 * change; `unreachable` where it was not had of AWS; `cancelled`. So does each `sign`.
 */
export async function createAwsKmsSigner(reference: AwsKmsReference, options: RemoteKeyOptions): Promise<Signer> {
  const kms = connectAwsKms(reference, options);
  const found = await kms.getPublicKey();
  const key = publicKeyOf(found, reference);
  checkPinned(key, options.publicKey, reference.text);
  const allowed = algorithmsOffered(key, found.SigningAlgorithms ?? [], reference);
  return {
    publicKey: async () => key,
    certificate: async () => undefined,
    sign: async (request) => {
      checkRequest(request, allowed, reference.text);
      return sign(kms, request, { key, arn: found.KeyId, reference });
    },
  };
}

type Opened = { readonly key: KeyObject; readonly arn: string | undefined; readonly reference: AwsKmsReference };

async function sign(kms: AwsKms, request: SignRequest, { arn, reference }: Opened): Promise<Uint8Array> {
  const answer = await kms.sign(wordsOf(request, reference));
  // Whoever may use an alias only (kms:RequestAlias) must ask by it, and it may be moved between two requests.
  if (answer.KeyId !== undefined && arn !== undefined && idOf(answer.KeyId) !== idOf(arn)) {
    throw new SignwrightError('configuration', `the key there is now ${answer.KeyId}; it was ${arn} when this run began`, {
      where: reference.text,
      next: 'it was rotated meanwhile: run again, and "signwright signer rotate SIGNER" drafts the lines that pin the new key',
    });
  }
  if (answer.Signature === undefined || answer.Signature.length === 0)
    throw new SignwrightError('unreachable', 'AWS KMS answered without a signature', {
      where: reference.text,
      next: 'run again later',
    });
  return answer.Signature;
}

/** The key's id, with or without the rest of its ARN. */
function idOf(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}
