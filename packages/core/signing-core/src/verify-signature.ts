import { createPublicKey, type KeyObject, publicDecrypt, verify } from 'node:crypto';
import { SignwrightError } from './error.ts';
import { algorithmsOf, SIGNATURE_ALGORITHMS, spkiOf } from './keys.ts';

/** DigestInfo headers of RFC 8017, 9.2, note 1. */
const DIGEST_INFO: { readonly [hash: string]: string } = {
  sha256: '3031300d060960864801650304020105000420',
  sha384: '3041300d060960864801650304020205000430',
  sha512: '3051300d060960864801650304020305000440',
};

/**
 * Whether a signature over a message holds, by an algorithm the key may use.
 *
 * @param hashes the hashes to accept; those of {@link algorithmsOf} unless told.
 * @throws SignwrightError `configuration` for a key we do not accept.
 */
export function verifyMessage(
  key: KeyObject,
  signature: Uint8Array,
  message: Uint8Array,
  hashes: readonly string[] = hashesOf(key),
): boolean {
  if (algorithmsOf(key)[0] === 'ed25519') return verify(null, message, key, signature);
  return [...new Set(hashes)].some((hash) => {
    try {
      return verify(hash, message, key, signature);
    } catch {
      return false;
    }
  });
}

/**
 * The same when only the message's digest is at hand. Node cannot verify a prehashed ECDSA signature, so that is done by
 * @noble/curves, loaded when first needed.
 *
 * @throws SignwrightError `usage` for Ed25519, which signs messages and not digests.
 */
export async function verifyDigest(key: KeyObject, signature: Uint8Array, digest: Uint8Array, hash: string): Promise<boolean> {
  if (algorithmsOf(key)[0] !== 'ed25519' && !hashesOf(key).includes(hash)) return false;
  switch (key.asymmetricKeyType) {
    case 'ec': {
      const { p256, p384 } = await import('@noble/curves/nist.js');
      const curve = key.asymmetricKeyDetails?.namedCurve === 'secp384r1' ? p384 : p256;
      try {
        return curve.verify(signature, digest, pointOf(key), { prehash: false, lowS: false, format: 'der' });
      } catch {
        return false;
      }
    }
    case 'rsa': {
      try {
        return publicDecrypt(key, signature).equals(Buffer.concat([Buffer.from(DIGEST_INFO[hash] ?? '', 'hex'), digest]));
      } catch {
        return false;
      }
    }
    default:
      throw new SignwrightError('usage', 'an Ed25519 signature can be checked only with the file itself, not with its digest', {
        next: 'give the file instead of sha256:…',
      });
  }
}

/** The hashes a key may sign by. An Ed25519 key hashes for itself; bundles name SHA-256 or SHA-512 beside it. */
export function hashesOf(key: KeyObject): readonly string[] {
  const algorithms = algorithmsOf(key);
  if (algorithms[0] === 'ed25519') return ['sha256', 'sha512'];
  return algorithms.map((algorithm) => SIGNATURE_ALGORITHMS[algorithm].hash);
}

/** The uncompressed point of an ECDSA key. */
function pointOf(key: KeyObject): Uint8Array {
  const { x, y } = createPublicKey({ key: spkiOf(key), format: 'der', type: 'spki' }).export({ format: 'jwk' });
  return Buffer.concat([Buffer.of(4), Buffer.from(x ?? '', 'base64url'), Buffer.from(y ?? '', 'base64url')]);
}
