import type { KeyObject } from 'node:crypto';
import type { protos } from '@google-cloud/kms';
import { algorithmsOf, type SignatureAlgorithm, type SignRequest, SignwrightError } from '@signwright/signing-core';
import { crc32c } from './crc32c.ts';

/** What a key version of each algorithm of Google Cloud KMS signs by, in our words. */
const OURS: { readonly [google: string]: readonly SignatureAlgorithm[] } = {
  EC_SIGN_P256_SHA256: ['ecdsa-p256-sha256'],
  EC_SIGN_P384_SHA384: ['ecdsa-p384-sha256', 'ecdsa-p384-sha384'],
  EC_SIGN_ED25519: ['ed25519'],
  RSA_SIGN_PKCS1_2048_SHA256: ['rsa-pkcs1-sha256'],
  RSA_SIGN_PKCS1_3072_SHA256: ['rsa-pkcs1-sha256'],
  RSA_SIGN_PKCS1_4096_SHA256: ['rsa-pkcs1-sha256'],
};
const P384_BYTES = 48;

/**
 * The algorithms the key version signs by.
 *
 * @throws SignwrightError `configuration` where there are none of ours, with those of Google that are.
 */
export function algorithmsFor(key: KeyObject | undefined, algorithm: string, where: string): readonly SignatureAlgorithm[] {
  const ours = Object.hasOwn(OURS, algorithm) ? OURS[algorithm] : undefined;
  const own = key === undefined || ours === undefined ? [] : algorithmsOf(key);
  const common = own.filter((one) => ours?.includes(one));
  if (common.length > 0) return common;
  throw new SignwrightError('configuration', `the key's algorithm is ${algorithm}; allowed are ${Object.keys(OURS).join(', ')}`, {
    where,
    next: 'make a key with --purpose=asymmetric-signing --default-algorithm=ec-sign-p256-sha256, and name its version',
  });
}

/** What is asked of Google Cloud KMS for a signature, but for the key's name. */
export type SigningWords = Pick<
  protos.google.cloud.kms.v1.IAsymmetricSignRequest,
  'digest' | 'digestCrc32c' | 'data' | 'dataCrc32c'
>;

/**
 * The digest with its checksum, but for Ed25519, which signs messages.
 *
 * A P-384 key of Google's takes digests of 48 bytes only. ECDSA reads a digest as a number (FIPS 186-5, 6.4.1; SEC 1, 4.1.3), so one
 * of SHA-256 with zeros before it is the same digest, and what is made of it verifies as ECDSA P-384 with SHA-256.
 */
export function wordsOf({ algorithm, digest, message }: SignRequest): SigningWords {
  const sum = (bytes: Uint8Array): { value: number } => ({ value: crc32c(bytes) });
  if (algorithm === 'ed25519') return { data: message ?? null, dataCrc32c: sum(message ?? Buffer.alloc(0)) };
  if (algorithm === 'ecdsa-p384-sha384') return { digest: { sha384: digest }, digestCrc32c: sum(digest) };
  if (algorithm !== 'ecdsa-p384-sha256') return { digest: { sha256: digest }, digestCrc32c: sum(digest) };
  const sha384 = Buffer.concat([Buffer.alloc(P384_BYTES - digest.length), digest]);
  return { digest: { sha384 }, digestCrc32c: sum(sha384) };
}
