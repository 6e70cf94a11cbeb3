import type { KeyObject } from 'node:crypto';

/** The keys that certificates are issued for, by the policy's words. */
export type CertificateKeyType = 'ecdsa-p256' | 'ecdsa-p384' | 'rsa-2048' | 'rsa-3072' | 'rsa-4096' | 'ed25519';

/** What the policy calls a public key; a description of one that it has no word for. */
export function keyTypeOf(key: KeyObject): string {
  const { namedCurve, modulusLength } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case 'ec':
      return namedCurve === 'prime256v1' ? 'ecdsa-p256' : namedCurve === 'secp384r1' ? 'ecdsa-p384' : `ecdsa on ${namedCurve}`;
    case 'rsa':
      return `rsa-${modulusLength}`;
    default:
      return key.asymmetricKeyType ?? 'unknown';
  }
}
