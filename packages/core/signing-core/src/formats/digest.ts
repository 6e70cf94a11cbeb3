import { createHash } from 'node:crypto';
import { SignwrightError } from '../error.ts';
import { canonicalJson } from './canonical-json.ts';
import type { Json } from './strict-json.ts';

/** A SHA-256 digest in its one written form: `sha256:` and 64 lower-case hex digits. */
export type Sha256 = `sha256:${string}`;

const WRITTEN = /^sha256:[0-9a-f]{64}$/;

/** Whether `text` is a digest in its one written form. */
export function isSha256(text: string): text is Sha256 {
  return WRITTEN.test(text);
}

/** Reads a digest; throws `usage` on anything but `sha256:` and 64 lower-case hex digits. */
export function parseSha256(text: string): Sha256 {
  if (isSha256(text)) return text;
  throw new SignwrightError('usage', `not a SHA-256 digest: ${JSON.stringify(text.slice(0, 100))}`, {
    next: 'write it as sha256: followed by 64 lower-case hex digits',
  });
}

/** The digest of bytes. */
export function sha256(bytes: Uint8Array | string): Sha256 {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** The 64 hex digits of a digest, as in-toto subjects write it. */
export function hexOf(digest: Sha256): string {
  return digest.slice('sha256:'.length);
}

/** The 32 bytes of a digest. */
export function bytesOf(digest: Sha256): Uint8Array {
  return Buffer.from(hexOf(digest), 'hex');
}

/** SHA-256 over the RFC 8785 form of a JSON value. */
export function canonicalDigest(value: Json): Sha256 {
  return sha256(canonicalJson(value));
}
