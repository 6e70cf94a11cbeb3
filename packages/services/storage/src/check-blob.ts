import { SignwrightError } from '@signwright/signing-core';

/** Bytes of a blob, at the most. */
export const MAX_BLOB: number = 64 * 1024 * 1024;
const MAX_KEY = 512;
/** No part begins with a dot: `.` and `..` lead elsewhere, and hidden files get lost when a store is archived. */
const KEY = /^[a-z0-9_-][a-z0-9._-]*(\/[a-z0-9_-][a-z0-9._-]*)*$/;

/** Throws `invalid-input` unless the key has the written form of BlobStore's keys. */
export function checkKey(key: string): void {
  if (key.length <= MAX_KEY && KEY.test(key)) return;
  throw new SignwrightError('invalid-input', `not a key of a blob: ${JSON.stringify(key.slice(0, 100))}`, {
    next: `use parts of [a-z0-9._-] that do not begin with a dot, "/" between them, ${MAX_KEY} characters in all`,
  });
}

/** Throws `invalid-input` where the blob is too large to be read back. */
export function checkSize(key: string, bytes: Uint8Array): void {
  if (bytes.length <= MAX_BLOB) return;
  throw new SignwrightError('invalid-input', `the blob ${key} has ${bytes.length} bytes, more than ${MAX_BLOB}`, {
    next: 'store less at once',
  });
}
