import type { KeyObject } from 'node:crypto';
import type { SignCommandInput } from '@aws-sdk/client-kms';
import {
  type AwsKmsReference,
  algorithmsOf,
  type SignatureAlgorithm,
  type SignRequest,
  SignwrightError,
} from '@signwright/signing-core';
import { shown } from './shown.ts';

/** By which algorithm of AWS KMS ours are made. */
const AWS = {
  'ecdsa-p256-sha256': 'ECDSA_SHA_256',
  'ecdsa-p384-sha256': 'ECDSA_SHA_384',
  'ecdsa-p384-sha384': 'ECDSA_SHA_384',
  'rsa-pkcs1-sha256': 'RSASSA_PKCS1_V1_5_SHA_256',
  ed25519: 'ED25519_SHA_512',
} as const satisfies { readonly [ours in SignatureAlgorithm]: SignCommandInput['SigningAlgorithm'] };

/** Most bytes of a message that AWS KMS takes; digests are shorter. */
const MAX_MESSAGE = 4096;
const P384_BYTES = 48;

/**
 * The algorithms the key signs by that AWS KMS offers for it.
 *
 * @throws SignwrightError `configuration` where there are none, with those that would be.
 */
export function algorithmsOffered(
  key: KeyObject,
  offered: readonly string[],
  { text: where }: AwsKmsReference,
): readonly SignatureAlgorithm[] {
  const own = ownAlgorithms(key, where);
  const common = own.filter((algorithm) => offered.includes(AWS[algorithm]));
  if (common.length > 0) return common;
  const wanted = [...new Set(own.map((algorithm) => AWS[algorithm]))].join(' or ');
  throw new SignwrightError('configuration', `the key signs by ${shown(offered.join(', ')) || 'nothing'}; allowed is ${wanted}`, {
    where,
    next: 'make a key with KeySpec ECC_NIST_P256 (the default), ECC_NIST_P384, ECC_NIST_EDWARDS25519 or RSA_2048 to RSA_4096',
  });
}

function ownAlgorithms(key: KeyObject, where: string): readonly SignatureAlgorithm[] {
  try {
    return algorithmsOf(key);
  } catch (error) {
    if (!(error instanceof SignwrightError)) throw error;
    throw new SignwrightError(error.code, error.message, { where, ...(error.next === undefined ? {} : { next: error.next }) });
  }
}

/** What is asked of AWS KMS for a signature: the digest, but for Ed25519, which signs messages (`MessageType` of `Sign`). */
export type SigningWords = Pick<SignCommandInput, 'Message' | 'MessageType' | 'SigningAlgorithm'>;

/**
 * A P-384 key of AWS KMS takes digests of 48 bytes only. ECDSA reads a digest as a number (FIPS 186-5, 6.4.1; SEC 1, 4.1.3), so one
 * of SHA-256 with zeros before it is the same digest, and what is made of it verifies as ECDSA P-384 with SHA-256.
 */
export function wordsOf({ algorithm, digest, message }: SignRequest, { text: where }: AwsKmsReference): SigningWords {
  const SigningAlgorithm = AWS[algorithm];
  if (algorithm === 'ed25519') {
    if (message !== undefined && message.length <= MAX_MESSAGE) return { Message: message, MessageType: 'RAW', SigningAlgorithm };
    throw new SignwrightError(
      'configuration',
      `AWS KMS signs at most ${MAX_MESSAGE} bytes with an Ed25519 key, and these are ${message?.length ?? 'not at hand'}`,
      { where, next: 'use a key with KeySpec ECC_NIST_P256, which is sent the digest alone' },
    );
  }
  const Message = algorithm === 'ecdsa-p384-sha256' ? Buffer.concat([Buffer.alloc(P384_BYTES - digest.length), digest]) : digest;
  return { Message, MessageType: 'DIGEST', SigningAlgorithm };
}
