import { createPrivateKey, type KeyObject, scrypt } from 'node:crypto';
import { type Json, type JsonObject, parseStrictJson, SignwrightError } from '@signwright/signing-core';

/** Most memory a key file may make scrypt take: 128 · N · r. cosign takes 64 MiB. */
const MAX_MEMORY = 256 * 1024 * 1024;
const MAX_PARALLEL = 16;
const KEY_BYTES = 32;
const NONCE_BYTES = 24;

/** What cosign writes into the PEM block (go-securesystemslib, `encrypted`): scrypt, then NaCl's secretbox over PKCS#8. */
type Sealed = { N: number; r: number; p: number; salt: Buffer; nonce: Buffer; ciphertext: Buffer };

/**
 * Opens a private key as `cosign generate-key-pair` writes it.
 *
 * @throws Error where the passphrase does not open it, SignwrightError `configuration` where it is not such a key or asks for more
 * memory than it may.
 */
export async function openCosignKey(pem: string, label: string, passphrase: Buffer): Promise<KeyObject> {
  const sealed = readSealed(Buffer.from(bodyOf(pem, label), 'base64'));
  const { xsalsa20poly1305 } = await import('@noble/ciphers/salsa.js');
  const key = await derive(passphrase, sealed);
  const pkcs8 = Buffer.from(xsalsa20poly1305(key, sealed.nonce).decrypt(sealed.ciphertext));
  try {
    return createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  } finally {
    pkcs8.fill(0);
    key.fill(0);
  }
}

function bodyOf(pem: string, label: string): string {
  const start = pem.indexOf(`-----BEGIN ${label}-----`) + `-----BEGIN ${label}-----`.length;
  const end = pem.indexOf(`-----END ${label}-----`, start);
  if (end < 0) throw malformed();
  return pem.slice(start, end);
}

function readSealed(bytes: Buffer): Sealed {
  const root = object(parseStrictJson(bytes, { what: 'the cosign key', maxBytes: 65_536, maxDepth: 8 }));
  const kdf = object(root['kdf']);
  const cipher = object(root['cipher']);
  const params = object(kdf['params']);
  if (kdf['name'] !== 'scrypt' || cipher['name'] !== 'nacl/secretbox') {
    throw new SignwrightError('configuration', 'the cosign key is sealed in a way we do not know');
  }
  const { N, r, p } = { N: integer(params['N']), r: integer(params['r']), p: integer(params['p']) };
  if (128 * N * r > MAX_MEMORY || p > MAX_PARALLEL || (N & (N - 1)) !== 0 || N < 2) {
    throw new SignwrightError(
      'configuration',
      `the cosign key asks for scrypt with N=${N}, r=${r}, p=${p}; that is out of bounds`,
    );
  }
  const sealed = { N, r, p, salt: base64(kdf['salt']), nonce: base64(cipher['nonce']), ciphertext: base64(root['ciphertext']) };
  if (sealed.nonce.length !== NONCE_BYTES) throw malformed();
  return sealed;
}

function derive(passphrase: Buffer, { salt, N, r, p }: Sealed): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { N, r, p, maxmem: 2 * MAX_MEMORY };
    scrypt(passphrase, salt, KEY_BYTES, options, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

function object(value: Json | undefined): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed();
  return value as JsonObject;
}

function integer(value: Json | undefined): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > 2 ** 24) throw malformed();
  return value;
}

function base64(value: Json | undefined): Buffer {
  if (typeof value !== 'string') throw malformed();
  return Buffer.from(value, 'base64');
}

function malformed(): SignwrightError {
  return new SignwrightError('configuration', 'the cosign key is malformed');
}
