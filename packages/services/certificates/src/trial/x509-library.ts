import { type KeyObject, webcrypto } from 'node:crypto';
import type * as library from '@peculiar/x509';

export type X509 = typeof library;

const P256 = { name: 'ECDSA', namedCurve: 'P-256' } as const;

/** What certificates of a trial are signed with. */
export const SIGNING_ALGORITHM = { name: 'ECDSA', hash: 'SHA-256' } as const;

/** Loads @peculiar/x509 when a certificate is made or read: it takes longer than the rest of a short run. */
export async function loadX509(): Promise<X509> {
  const { x509 } = await import('./x509-modules.ts');
  return x509;
}

/** A P-256 private key as the library takes it; not to be exported again. */
export function importSigningKey(key: KeyObject): Promise<webcrypto.CryptoKey> {
  const pkcs8 = key.export({ type: 'pkcs8', format: 'der' });
  return webcrypto.subtle.importKey('pkcs8', pkcs8, P256, false, ['sign']).finally(() => pkcs8.fill(0));
}
