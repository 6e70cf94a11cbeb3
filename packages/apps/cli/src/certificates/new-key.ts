import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { CertificateKeyType } from '@signwright/policy';
import type { Passphrase } from '@signwright/signer-file';
import { requestCertificate, type Signer, signWithKey } from '@signwright/signing-core';

/** A key made in memory. */
export type NewKey = {
  readonly publicKey: KeyObject;
  /** PKCS#8 in PEM, encrypted where there is a passphrase. To be overwritten when it is written. */
  readonly pem: Buffer;
  /** PKCS#10 in DER, signed by it. */
  readonly csr: Uint8Array;
};

const generate = promisify(generateKeyPair);

/** Makes a key of a type that a profile takes, and the request for its certificate. */
export async function makeKey(type: CertificateKeyType, passphrase: Passphrase | undefined): Promise<NewKey> {
  const { publicKey, privateKey } = await pairOf(type);
  const secret = await passphrase?.();
  try {
    const encrypted = secret === undefined ? {} : { cipher: 'aes-256-cbc', passphrase: secret };
    const pem = Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem', ...encrypted }));
    return { publicKey, pem, csr: await requestCertificate(inMemory(publicKey, privateKey)) };
  } finally {
    secret?.fill(0);
  }
}

function pairOf(type: CertificateKeyType): Promise<{ publicKey: KeyObject; privateKey: KeyObject }> {
  switch (type) {
    case 'ecdsa-p256':
      return generate('ec', { namedCurve: 'prime256v1' });
    case 'ecdsa-p384':
      return generate('ec', { namedCurve: 'secp384r1' });
    case 'ed25519':
      return generate('ed25519', {});
    default:
      return generate('rsa', { modulusLength: Number(type.slice('rsa-'.length)) });
  }
}

function inMemory(publicKey: KeyObject, privateKey: KeyObject): Signer {
  return {
    publicKey: async () => publicKey,
    certificate: async () => undefined,
    sign: (wanted) => signWithKey(privateKey, wanted),
  };
}
