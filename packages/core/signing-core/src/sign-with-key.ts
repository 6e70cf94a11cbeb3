import { createHash, type KeyObject, privateEncrypt, sign, timingSafeEqual } from 'node:crypto';
import { SignwrightError } from './error.ts';
import { algorithmsOf, SIGNATURE_ALGORITHMS, type SignatureAlgorithm } from './keys.ts';
import type { SignRequest } from './ports/signer.ts';

/** DigestInfo of SHA-256 up to the digest (RFC 8017, 9.2, note 1). */
const SHA256_DIGEST_INFO = Buffer.from('3031300d060960864801650304020105000420', 'hex');

/**
 * Signs with a private key in this process's memory, as every signer that has one there does.
 *
 * With the message at hand node:crypto signs it, off the main thread. With only its digest, RSA goes through DigestInfo and
 * ECDSA through @noble/curves (node:crypto would hash the digest again), loaded when first needed.
 *
 * @returns the signature as {@link Signer.sign} has it.
 * @throws SignwrightError `configuration` where the key does not sign by this algorithm, or is Ed25519 and has no message.
 */
export async function signWithKey(key: KeyObject, request: SignRequest): Promise<Uint8Array> {
  const { algorithm, digest, message } = request;
  checkRequest(request, algorithmsOf(key));
  if (message) return signMessage(key, algorithm === 'ed25519' ? null : SIGNATURE_ALGORITHMS[algorithm].hash, message);
  if (algorithm === 'rsa-pkcs1-sha256') return privateEncrypt(key, Buffer.concat([SHA256_DIGEST_INFO, digest]));
  return signDigest(key, digest);
}

/**
 * What every signer checks before it signs, wherever its key is.
 *
 * @param allowed the algorithms the key signs by. @param where the key, for messages.
 * @throws SignwrightError `configuration` for another algorithm, which names those allowed, and for Ed25519 without the message;
 * TypeError where the digest is not the message's.
 */
export function checkRequest(request: SignRequest, allowed: readonly SignatureAlgorithm[], where?: string): void {
  const at = where === undefined ? {} : { where };
  if (!allowed.includes(request.algorithm))
    throw new SignwrightError('configuration', `the key does not sign by ${request.algorithm}, only by ${allowed.join(' or ')}`, {
      ...at,
      next: 'use a key of another type',
    });
  checkDigest(request);
  if (request.algorithm === 'ed25519' && request.message === undefined)
    throw new SignwrightError(
      'configuration',
      'an Ed25519 key signs messages, not digests: it cannot sign a file by its digest',
      { ...at, next: 'leave the files next to the artifacts out with --no-sidecars, or use an ECDSA or RSA key' },
    );
}

const DIGEST_BYTES = { sha256: 32, sha384: 48, sha512: 64 } as const;

/** A digest that is not the message's would be recorded as signed while other bytes are. */
function checkDigest({ algorithm, digest, message }: SignRequest): void {
  const { hash } = SIGNATURE_ALGORITHMS[algorithm];
  if (digest.length !== DIGEST_BYTES[hash]) throw new TypeError(`${algorithm} takes a digest of ${DIGEST_BYTES[hash]} bytes`);
  if (message && !timingSafeEqual(digest, createHash(hash).update(message).digest()))
    throw new TypeError('the digest to sign is not the one of the message');
}

function signMessage(key: KeyObject, hash: string | null, message: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    sign(hash, message, key, (error, signature) => (error ? reject(error) : resolve(signature)));
  });
}

async function signDigest(key: KeyObject, digest: Uint8Array): Promise<Uint8Array> {
  const { p256, p384 } = await import('@noble/curves/nist.js');
  const curve = key.asymmetricKeyDetails?.namedCurve === 'secp384r1' ? p384 : p256;
  const scalar = Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url');
  try {
    return curve.sign(digest, scalar, { prehash: false, lowS: false, format: 'der' });
  } finally {
    scalar.fill(0);
  }
}
