import { createHash, randomBytes } from 'node:crypto';
import { derWriter } from '@signwright/signing-core';

const { integer, NULL, octetString, oid, sequence, TRUE } = derWriter;

const VERSION_1 = integer(1n);
/** The SHA-256 algorithm identifier with NULL parameters, as every timestamp authority takes it. */
export const SHA256: Buffer = sequence(oid('2.16.840.1.101.3.4.2.1'), NULL);

/** MessageImprint: SHA-256 of the bytes whose time is wanted. */
export function messageImprint(bytes: Uint8Array): Buffer {
  return sequence(SHA256, octetString(createHash('sha256').update(bytes).digest()));
}

/** Random bytes that are a positive INTEGER of exactly this length. */
export function randomInteger(length: number): Buffer {
  const bytes = randomBytes(length);
  bytes[0] = ((bytes[0] as number) & 0x3f) | 0x40;
  return bytes;
}

/** TimeStampReq in DER (RFC 3161, 2.4.1): SHA-256 imprint, nonce, certificates wanted. */
export function timestampRequest(signature: Uint8Array, nonce: Uint8Array): Buffer {
  return sequence(VERSION_1, messageImprint(signature), integer(nonce), TRUE);
}
