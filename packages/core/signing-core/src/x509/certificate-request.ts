import { createPublicKey, type KeyObject, sign } from 'node:crypto';
import { spkiOf } from '../keys.ts';
import { element } from './write-element.ts';

/** Version 0 and the empty subject. */
const HEAD = Buffer.from('0201003000', 'hex');
/** No attributes. */
const TAIL = Buffer.from('a000', 'hex');
const ECDSA_WITH_SHA256 = Buffer.from('300a06082a8648ce3d040302', 'hex');
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
