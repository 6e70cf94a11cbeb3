import { createHash, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { algorithmsOf, SIGNATURE_ALGORITHMS, type SignatureAlgorithm, spkiOf } from '../keys.ts';
import type { Signer } from '../ports/signer.ts';
import { element } from './write-der.ts';

/** Version 0 and the empty subject. */
const HEAD = Buffer.from('0201003000', 'hex');
/** No attributes. */
const TAIL = Buffer.from('a000', 'hex');
const ECDSA_WITH_SHA256 = Buffer.from('300a06082a8648ce3d040302', 'hex');
/** AlgorithmIdentifiers (RFC 5758, 3.2; RFC 4055, 5; RFC 8410, 3). */
const IDENTIFIERS: { readonly [algorithm in SignatureAlgorithm]: Buffer } = {
  'ecdsa-p256-sha256': ECDSA_WITH_SHA256,
  'ecdsa-p384-sha256': ECDSA_WITH_SHA256,
  'ecdsa-p384-sha384': Buffer.from('300a06082a8648ce3d040303', 'hex'),
  'rsa-pkcs1-sha256': Buffer.from('300d06092a864886f70d01010b0500', 'hex'),
  ed25519: Buffer.from('300506032b6570', 'hex'),
};
const SEQUENCE = 0x30;
const BIT_STRING = 0x03;

/**
 * A certificate request (PKCS#10, RFC 2986) in DER for an ECDSA P-256 key, signed by it. Its subject is empty: a workload's issuer
 * takes the identity from the ID token. So small a request is written here, for loading a library for it takes 100 ms.
 */
export function certificateRequest(privateKey: KeyObject): Uint8Array {
  const details = privateKey.asymmetricKeyDetails;
  if (details?.namedCurve !== 'prime256v1') throw new TypeError('certificate requests are made for ECDSA P-256 keys');
  const information = element(SEQUENCE, HEAD, spkiOf(createPublicKey(privateKey)), TAIL);
  const signature = sign('sha256', information, privateKey);
  return element(SEQUENCE, information, ECDSA_WITH_SHA256, element(BIT_STRING, Buffer.of(0), signature));
}

/**
 * The same for a key wherever it is, of any type that we sign by.
 *
 * @throws SignwrightError as the signer does.
 */
export async function requestCertificate(signer: Signer): Promise<Uint8Array> {
  const publicKey = await signer.publicKey();
  const [algorithm] = algorithmsOf(publicKey);
  const information = element(SEQUENCE, HEAD, spkiOf(publicKey), TAIL);
  const digest = createHash(SIGNATURE_ALGORITHMS[algorithm].hash).update(information).digest();
  const signature = await signer.sign({ algorithm, digest, message: information });
  return element(SEQUENCE, information, IDENTIFIERS[algorithm], element(BIT_STRING, Buffer.of(0), signature));
}
