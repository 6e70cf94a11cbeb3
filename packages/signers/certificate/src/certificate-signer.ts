import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import {
  type CertificateIssuer,
  certificateRequest,
  type IdentityProvider,
  parseCertificate,
  type Signer,
  SignwrightError,
  signWithKey,
} from '@signwright/signing-core';

export type CertificateSignerOptions = {
  issuer: CertificateIssuer;
  identity: IdentityProvider;
  /** The audience the issuer wants in the ID token. */
  audience: string;
};

/**
 * A signer whose ECDSA P-256 key is made here, stays in memory and is certified once, for the identity of the running workload.
 * It lives as long as its certificate: make one for each run, when there is something to sign.
 *
 * @throws what the ports throw, and SignwrightError `verification` where the certificate is not one for our key.
 */
export async function createCertificateSigner({ issuer, identity, audience }: CertificateSignerOptions): Promise<Signer> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const idToken = await identity.idToken(audience);
  const [leaf] = await issuer.issue(certificateRequest(privateKey), idToken);
  const certificate = checkLeaf(leaf, publicKey);
  return {
    publicKey: async () => publicKey,
    certificate: async () => certificate,
    sign: (wanted) => signWithKey(privateKey, wanted),
  };
}

function checkLeaf(leaf: Uint8Array | undefined, publicKey: KeyObject): Uint8Array {
  if (leaf === undefined) throw new SignwrightError('verification', 'the certificate issuer answered without a certificate');
  let certified: KeyObject;
  try {
    certified = parseCertificate(leaf).publicKey;
  } catch (cause) {
    throw new SignwrightError('verification', 'the certificate issuer answered with something that is no certificate', { cause });
  }
  if (certified.equals(publicKey)) return leaf;
  throw new SignwrightError('verification', 'the certificate issuer certified another key than the one we asked for', {
    next: 'do not use this issuer until it is known why',
  });
}
