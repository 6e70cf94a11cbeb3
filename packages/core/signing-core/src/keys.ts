import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { SignwrightError } from './error.ts';

/** The signature algorithms we know, by key and hash. Anything else is refused by name. */
export const SIGNATURE_ALGORITHMS = {
  'ecdsa-p256-sha256': { hash: 'sha256' },
  'ecdsa-p384-sha256': { hash: 'sha256' },
  'ecdsa-p384-sha384': { hash: 'sha384' },
  'rsa-pkcs1-sha256': { hash: 'sha256' },
  ed25519: { hash: 'sha512' },
} as const;
export type SignatureAlgorithm = keyof typeof SIGNATURE_ALGORITHMS;

/**
 * The algorithms a key may have signed by, the one we sign by first.
 *
 * @throws SignwrightError `configuration` that names the key's type where it is none of ours: RSA under 2048 or over 4096 bits,
 * RSA-PSS, DSA, other curves.
 */
export function algorithmsOf(key: KeyObject): readonly [SignatureAlgorithm, ...SignatureAlgorithm[]] {
  const details = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case 'ec':
      if (details.namedCurve === 'prime256v1') return ['ecdsa-p256-sha256'];
      if (details.namedCurve === 'secp384r1') return ['ecdsa-p384-sha256', 'ecdsa-p384-sha384'];
      throw weak(`an ECDSA key on ${details.namedCurve ?? 'an unnamed curve'}`);
    case 'ed25519':
      return ['ed25519'];
    case 'rsa': {
      const bits = details.modulusLength ?? 0;
      if (bits >= 2048 && bits <= 4096 && (details.publicExponent ?? 0n) >= 65537n) return ['rsa-pkcs1-sha256'];
      throw weak(`an RSA key of ${bits} bits with exponent ${details.publicExponent}`);
    }
    default:
      throw weak(`a key of type ${key.asymmetricKeyType ?? 'unknown'}`);
  }
}

function weak(what: string): SignwrightError {
  return new SignwrightError('configuration', `${what} is not accepted`, {
    next: 'use ECDSA P-256 (the default), P-384, Ed25519, or RSA 2048 to 4096 with exponent 65537',
  });
}

/** SubjectPublicKeyInfo of a public key, DER. */
export function spkiOf(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' });
}

/** The id of a public key, as Sigstore bundles hint at it: base64 of SHA-256 over its SubjectPublicKeyInfo. */
export function keyIdOf(key: KeyObject): string {
  return createHash('sha256').update(spkiOf(key)).digest('base64');
}

/** Reads a public key, SPKI in PEM. @throws SignwrightError `configuration` where it is something else. */
export function readPublicKey(pem: string, where: string): KeyObject {
  if (!/^-----BEGIN PUBLIC KEY-----$/m.test(pem) || pem.length > 16_384) {
    throw new SignwrightError('configuration', 'not a public key in PEM (-----BEGIN PUBLIC KEY-----)', { where });
  }
  try {
    return createPublicKey(pem);
  } catch (cause) {
    throw new SignwrightError('configuration', 'a public key that cannot be read', { where, cause });
  }
}
