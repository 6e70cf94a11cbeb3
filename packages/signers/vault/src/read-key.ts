import { createPublicKey, type KeyObject } from 'node:crypto';
import {
  algorithmsOf,
  type JsonObject,
  type SignatureAlgorithm,
  SignwrightError,
  type VaultReference,
} from '@signwright/signing-core';
import { objectIn } from './answer.ts';

/** One version of a transit key. */
export type VaultKey = {
  readonly version: number;
  readonly publicKey: KeyObject;
  readonly algorithms: readonly [SignatureAlgorithm, ...SignatureAlgorithm[]];
};

/** Vault's types of the keys we sign with, and what their algorithms begin with. */
const TYPES: { readonly [type: string]: string } = {
  'ecdsa-p256': 'ecdsa-p256-',
  'ecdsa-p384': 'ecdsa-p384-',
  'rsa-2048': 'rsa-pkcs1-',
  'rsa-3072': 'rsa-pkcs1-',
  'rsa-4096': 'rsa-pkcs1-',
  ed25519: 'ed25519',
};
const ED25519_SPKI = Buffer.from('302a300506032b6570032100', 'hex');
/** Vault's other types, for messages: what else stands there may be anything, a token that is sent back too. */
const OTHER_TYPES =
  /^(aes128-gcm96|aes256-gcm96|aes128-cmac|aes192-cmac|aes256-cmac|x?chacha20-poly1305|ecdsa-p521|hmac|managed_key|ml-dsa|slh-dsa|hybrid)$/;
const MAX_PEM = 4_096;
const MOST_VERSIONS = 10;

/** What a key is read from, and what a policy must let be read. */
export function keyPath({ mount, key }: VaultReference): string {
  return `${mount}/keys/${key}`;
}

/**
 * Reads the answer to "read key" of the transit API: the version the reference names, else the newest.
 *
 * @throws SignwrightError `configuration` where it cannot sign, `invalid-input` where the answer is none.
 */
export function readKey(data: JsonObject, reference: VaultReference): VaultKey {
  const type = typeof data['type'] === 'string' ? data['type'] : '';
  const begins = Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
  if (begins === undefined || data['supports_signing'] !== true)
    throw off(
      reference,
      `the key is of type ${shown(type)}, by which nothing is signed here`,
      `use one of ${Object.keys(TYPES).join(', ')}`,
    );
  if (data['soft_deleted'] === true)
    throw off(reference, 'the key is disabled: it is soft-deleted', 'have it restored, or use another key');
  if (data['derived'] === true)
    throw off(reference, 'the key is one that others are derived from', 'make one without derived=true');
  const version = versionOf(data, reference);
  const publicKey = publicKeyOf(data, version, reference);
  const algorithms = algorithmsOf(publicKey);
  if (!algorithms.every((algorithm) => algorithm.startsWith(begins))) throw malformed(reference, `a key that is not ${type}`);
  return { version, publicKey, algorithms };
}

function versionOf(data: JsonObject, reference: VaultReference): number {
  const version = reference.version ?? data['latest_version'];
  if (typeof version !== 'number' || !Number.isSafeInteger(version) || version < 1)
    throw malformed(reference, 'no latest_version');
  const least = data['min_encryption_version'];
  if (typeof least === 'number' && least > version)
    throw off(
      reference,
      `version ${version} of the key is disabled: its min_encryption_version is ${least}`,
      `name version=${least} or later and pin that public key, or lower min_encryption_version`,
    );
  return version;
}

function publicKeyOf(data: JsonObject, version: number, reference: VaultReference): KeyObject {
  const keys = objectIn(data['keys']) ?? {};
  if (!Object.hasOwn(keys, String(version)))
    throw off(
      reference,
      `there is no key of version ${version}`,
      `name one of the versions there are: ${
        Object.keys(keys)
          .filter((one) => /^\d{1,9}$/.test(one))
          .slice(-MOST_VERSIONS)
          .join(', ') || 'none'
      }`,
    );
  const written = objectIn(keys[String(version)])?.['public_key'];
  if (typeof written !== 'string' || written.length > MAX_PEM) throw malformed(reference, 'no public_key');
  try {
    return createPublicKey(data['type'] === 'ed25519' ? { key: spkiOfEd25519(written), format: 'der', type: 'spki' } : written);
  } catch {
    throw malformed(reference, 'a public_key that is none');
  }
}

/** Transit writes RSA and ECDSA public keys in PEM, and those of Ed25519 as the base64 of their 32 bytes. */
function spkiOfEd25519(written: string): Buffer {
  const bytes = Buffer.from(written, 'base64');
  if (bytes.length !== 32 || bytes.toString('base64') !== written) throw new Error('not 32 bytes');
  return Buffer.concat([ED25519_SPKI, bytes]);
}

function shown(type: string): string {
  return Object.hasOwn(TYPES, type) || OTHER_TYPES.test(type) ? type : 'unknown';
}

function off(reference: VaultReference, message: string, next: string): SignwrightError {
  return new SignwrightError('configuration', message, { where: reference.text, next });
}

function malformed(reference: VaultReference, what: string): SignwrightError {
  return new SignwrightError('invalid-input', `the answer of Vault about the key has ${what}`, {
    where: reference.text,
    next: 'check that it is a transit engine of Vault or OpenBao that answers there',
  });
}
