import type { KeyObject } from 'node:crypto';
import { algorithmsOf, type SignatureAlgorithm, type SignRequest, SignwrightError } from '@signwright/signing-core';
import { CKM } from './cryptoki.ts';
import { element, unsignedInteger } from './der.ts';

/** One signature, as PKCS#11 makes it. */
export type Operation = {
  readonly mechanism: number;
  /** A copy of its own. */
  readonly data: Buffer;
  /** What the token returns, copied, as a Signer returns it. @throws SignwrightError where it is none of this algorithm. */
  finish(signature: Buffer): Buffer;
};

/** The mechanism that signs by an algorithm: over the digest, for Ed25519 over the message. */
export function mechanismOf(algorithm: SignatureAlgorithm): { readonly number: number; readonly name: string } {
  if (algorithm === 'ed25519') return { number: CKM.eddsa, name: 'CKM_EDDSA' };
  if (algorithm === 'rsa-pkcs1-sha256') return { number: CKM.rsaPkcs, name: 'CKM_RSA_PKCS' };
  return { number: CKM.ecdsa, name: 'CKM_ECDSA' };
}

/** DigestInfo of SHA-256 up to the digest (RFC 8017, 9.2, note 1). */
const SHA256_DIGEST_INFO = Buffer.from('3031300d060960864801650304020105000420', 'hex');

/** What a key signs by, and how long what the token then returns is. */
export type SigningKey = { readonly algorithms: readonly [SignatureAlgorithm, ...SignatureAlgorithm[]]; readonly length: number };

/** @throws SignwrightError `configuration` that names the key's type where it is none of ours. */
export function signingKeyOf(key: KeyObject): SigningKey {
  const algorithms = algorithmsOf(key);
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  if (algorithms[0] === 'rsa-pkcs1-sha256') return { algorithms, length: Math.ceil(modulusLength / 8) };
  return { algorithms, length: namedCurve === 'secp384r1' ? 96 : 64 };
}

/**
 * What a token is asked for, and how its answer is read.
 *
 * @param request one that was checked against the key.
 */
export function operationOf({ length }: SigningKey, { algorithm, digest, message }: SignRequest): Operation {
  const mechanism = mechanismOf(algorithm).number;
  const checked = (signature: Buffer): Buffer => {
    if (signature.length !== length) throw noSignature(algorithm, signature.length, length);
    return signature;
  };
  switch (algorithm) {
    case 'ed25519':
      return { mechanism, data: Buffer.from(message ?? digest), finish: (signature) => Buffer.from(checked(signature)) };
    case 'rsa-pkcs1-sha256': {
      const data = Buffer.concat([SHA256_DIGEST_INFO, digest]);
      return { mechanism, data, finish: (signature) => Buffer.from(checked(signature)) };
    }
    default:
      return { mechanism, data: Buffer.from(digest), finish: (signature) => derSignature(checked(signature)) };
  }
}

/** Ecdsa-Sig-Value (RFC 3279, 2.2.3) of r and s, one behind the other. */
export function derSignature(signature: Uint8Array): Buffer {
  const half = signature.length / 2;
  return element(0x30, unsignedInteger(signature.subarray(0, half)), unsignedInteger(signature.subarray(half)));
}

function noSignature(algorithm: string, length: number, wanted: number): SignwrightError {
  return new SignwrightError('configuration', `the token returned ${length} bytes as ${algorithm}, which has ${wanted}`, {
    next: 'check that the key is of the type that the policy pins, and that the library is the vendor’s newest',
  });
}
