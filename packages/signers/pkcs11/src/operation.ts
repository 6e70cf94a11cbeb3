import type { KeyObject } from 'node:crypto';
import { type SignatureAlgorithm, type SignRequest, SignwrightError } from '@signwright/signing-core';
import { CKM } from './cryptoki.ts';
import { element, unsignedInteger } from './der.ts';

/** One signature, as PKCS#11 makes it. */
export type Operation = {
  readonly mechanism: number;
  readonly data: Uint8Array;
  /** What the token returns, as a Signer returns it. @throws SignwrightError where it is none of this algorithm. */
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

/**
 * What a token is asked for, and how its answer is read.
 *
 * @param request one that was checked against the key.
 */
export function operationOf(key: KeyObject, { algorithm, digest, message }: SignRequest): Operation {
  const mechanism = mechanismOf(algorithm).number;
  const checked = (signature: Buffer, length: number): Buffer => {
    if (signature.length !== length) throw noSignature(algorithm, signature.length, length);
    return Buffer.from(signature);
  };
  switch (algorithm) {
    case 'ed25519':
      return { mechanism, data: message ?? digest, finish: (signature) => checked(signature, 64) };
    case 'rsa-pkcs1-sha256': {
      const length = Math.ceil((key.asymmetricKeyDetails?.modulusLength ?? 0) / 8);
      const data = Buffer.concat([SHA256_DIGEST_INFO, digest]);
      return { mechanism, data, finish: (signature) => checked(signature, length) };
    }
    default: {
      const length = key.asymmetricKeyDetails?.namedCurve === 'secp384r1' ? 96 : 64;
      return { mechanism, data: digest, finish: (signature) => derSignature(checked(signature, length)) };
    }
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
