import { createHash, type KeyObject } from 'node:crypto';
import {
  algorithmsOf,
  derWriter,
  SIGNATURE_ALGORITHMS,
  type SignatureAlgorithm,
  type Signer,
  SignwrightError,
  verifyMessage,
} from '@signwright/signing-core';

const { bitString, NULL, oid, sequence } = derWriter;

/** AlgorithmIdentifier of each (RFC 5758, RFC 4055, RFC 8410). */
const IDENTIFIERS: { readonly [algorithm in SignatureAlgorithm]: Buffer } = {
  'ecdsa-p256-sha256': sequence(oid('1.2.840.10045.4.3.2')),
  'ecdsa-p384-sha256': sequence(oid('1.2.840.10045.4.3.2')),
  'ecdsa-p384-sha384': sequence(oid('1.2.840.10045.4.3.3')),
  'rsa-pkcs1-sha256': sequence(oid('1.2.840.113549.1.1.11'), NULL),
  ed25519: sequence(oid('1.3.101.112')),
};

/** What a key signs certificates and CRLs by: its strongest hash. */
function algorithmFor(key: KeyObject): { readonly algorithm: SignatureAlgorithm; readonly identifier: Buffer } {
  const algorithm = algorithmsOf(key).at(-1) as SignatureAlgorithm;
  return { algorithm, identifier: IDENTIFIERS[algorithm] };
}

/**
 * Signs what is to be signed, and puts it together with the signature (SIGNED of X.509). The signature is verified: a broken HSM is
 * not found out by those who rely on it.
 *
 * @param write what is to be signed, around the AlgorithmIdentifier.
 * @throws SignwrightError `verification` where the signer's signature does not hold; what the signer throws.
 */
export async function signDer(signer: Signer, write: (identifier: Buffer) => Buffer): Promise<Buffer> {
  const key = await signer.publicKey();
  const { algorithm, identifier } = algorithmFor(key);
  const message = write(identifier);
  const digest = createHash(SIGNATURE_ALGORITHMS[algorithm].hash).update(message).digest();
  const signature = await signer.sign({ algorithm, digest, message });
  if (!verifyMessage(key, signature, message, [SIGNATURE_ALGORITHMS[algorithm].hash]))
    throw new SignwrightError('verification', "the signature of the CA's key does not hold: nothing was issued", {
      next: 'check the key and the device or service that holds it',
    });
  return sequence(message, identifier, bitString(signature));
}
