import { createHash } from 'node:crypto';
import type { Certificate } from './certificate.ts';
import { TAG } from './der-cursor.ts';
import { keyHashOf } from './ocsp-cert-id.ts';
import { element } from './write-der.ts';

const SHA1 = Buffer.from('300906052b0e03021a0500', 'hex');
const NONCE = Buffer.from('06092b0601050507300102', 'hex');
/** [2], constructed. */
const REQUEST_EXTENSIONS = 0xa2;

/**
 * An OCSPRequest in DER for one certificate (RFC 6960, 4.1), unsigned. It names the issuer by SHA-1, the only hash that every
 * responder knows (RFC 5019, 2.1.1).
 *
 * @param nonce 1 to 32 random bytes that the answer is to repeat (RFC 8954).
 */
export function ocspRequest(certificate: Certificate, issuer: Certificate, nonce?: Uint8Array): Buffer {
  const id = element(
    TAG.sequence,
    SHA1,
    element(TAG.octetString, createHash('sha1').update(issuer.subject).digest()),
    element(TAG.octetString, keyHashOf(issuer, 'sha1')),
    element(TAG.integer, certificate.serialNumber),
  );
  const requests = element(TAG.sequence, element(TAG.sequence, id));
  return element(TAG.sequence, element(TAG.sequence, requests, ...(nonce ? [nonceExtension(nonce)] : [])));
}

function nonceExtension(nonce: Uint8Array): Buffer {
  if (nonce.length < 1 || nonce.length > 32) throw new TypeError('a nonce has 1 to 32 bytes');
  const value = element(TAG.octetString, element(TAG.octetString, nonce));
  return element(REQUEST_EXTENSIONS, element(TAG.sequence, element(TAG.sequence, NONCE, value)));
}
