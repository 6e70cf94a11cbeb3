import { createHash, type KeyObject, sign } from 'node:crypto';
import { type SignatureAlgorithm, signWithKey } from '@signwright/signing-core';
import { refuse, type VaultReply } from './fake-vault-reply.ts';
import type { TestKeys } from './test-keys.ts';

/** A transit key; its versions from 1, and what "read key" says of it put over. */
export type FakeVaultKey = { readonly type: string; versions: readonly TestKeys[]; said: { [name: string]: unknown } };

type Body = { readonly [name: string]: unknown };

const HASHES: { readonly [name: string]: string } = { 'sha2-256': 'sha256', 'sha2-384': 'sha384', 'sha2-512': 'sha512' };
const FIELDS = ['input', 'prehashed', 'key_version', 'signature_algorithm', 'marshaling_algorithm', 'hash_algorithm', 'context'];
const CURVES: { readonly [type: string]: string } = { 'ecdsa-p256': 'P-256', 'ecdsa-p384': 'P-384', 'ecdsa-p521': 'P-521' };

/** "Read key": as formatKeyPolicy of OpenBao's internal/builtin/logical/transit/path_keys.go puts it together. */
export function readTransitKey(name: string, key: FakeVaultKey | undefined): VaultReply {
  if (key === undefined) return { status: 404, body: { errors: [] } };
  const keys = key.versions.map(({ publicKey }, index) => [
    String(index + 1),
    {
      name: CURVES[key.type] ?? key.type,
      public_key: written(key.type, publicKey),
      certificate_chain: '',
      creation_time: '2026-01-01T00:00:00.000000000Z',
    },
  ]);
  return {
    status: 200,
    body: {
      data: {
        name,
        type: key.type,
        derived: false,
        deletion_allowed: false,
        min_available_version: 0,
        min_decryption_version: 1,
        min_encryption_version: 0,
        latest_version: key.versions.length,
        exportable: false,
        allow_plaintext_backup: false,
        supports_encryption: key.type.startsWith('rsa'),
        supports_decryption: key.type.startsWith('rsa'),
        supports_signing: true,
        supports_derivation: key.type === 'ed25519',
        auto_rotate_period: 0,
        imported_key: false,
        soft_deleted: false,
        keys: Object.fromEntries(keys),
        ...key.said,
      },
    },
  };
}

function written(type: string, key: KeyObject): string {
  if (type !== 'ed25519') return key.export({ type: 'spki', format: 'pem' }).toString();
  return key.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64');
}

/** "Sign data": as pathSignWrite and SignWithOptions of OpenBao do it; errors of the policy come as 500, as they do there. */
export async function signTransit(key: FakeVaultKey | undefined, inPath: string | undefined, body: Body): Promise<VaultReply> {
  const unknown = Object.keys(body).find((name) => !FIELDS.includes(name));
  if (unknown !== undefined) return refuse(400, `unknown field ${unknown}`);
  const { input, prehashed = false, key_version: asked = 0, marshaling_algorithm: marshaling = 'asn1' } = body;
  const hashName = inPath ?? body['hash_algorithm'] ?? 'sha2-256';
  const hash = HASHES[String(hashName)];
  if (hash === undefined) return refuse(400, `invalid hash algorithm "${String(hashName)}"`);
  if (marshaling !== 'asn1') return refuse(400, `invalid marshaling type "${String(marshaling)}"`);
  if (key === undefined) return refuse(400, 'signing key not found');
  if (key.said['supports_signing'] === false) return refuse(400, `key type ${key.type} does not support signing`);
  if (typeof input !== 'string' || input === '' || /[^A-Za-z0-9+/=]/.test(input))
    return refuse(400, 'unable to decode input as base64: illegal base64 data at input byte 0');
  if (key.said['soft_deleted'] === true) return failed('refusing to use soft-deleted key');
  const version = asked === 0 ? key.versions.length : Number(asked);
  if (version > key.versions.length) return failed('requested version for signing is higher than the latest key version');
  if (version < Number(key.said['min_encryption_version'] ?? 0))
    return failed('requested version for signing is less than the minimum encryption key version');
  const keys = key.versions[version - 1];
  if (keys === undefined) return failed('requested version for signing is negative');
  const bytes = Buffer.from(input, 'base64');
  const signature = await signed(keys.privateKey, hash, bytes, prehashed === true, body['signature_algorithm']);
  if (typeof signature === 'string') return failed(signature);
  return {
    status: 200,
    body: { data: { signature: `vault:v${version}:${Buffer.from(signature).toString('base64')}`, key_version: version } },
  };
}

async function signed(
  key: KeyObject,
  hash: string,
  bytes: Buffer,
  prehashed: boolean,
  scheme: unknown,
): Promise<Uint8Array | string> {
  if (key.asymmetricKeyType === 'ed25519') return sign(null, bytes, key);
  // PSS is the default, and nothing anyone here would verify.
  if (key.asymmetricKeyType === 'rsa' && scheme !== 'pkcs1v15') return `unsupported rsa signature algorithm ${String(scheme)}`;
  const digest = prehashed ? bytes : createHash(hash).update(bytes).digest();
  if (!prehashed) return sign(hash, bytes, key);
  const begins =
    key.asymmetricKeyType === 'rsa' ? 'rsa-pkcs1' : `ecdsa-p${key.asymmetricKeyDetails?.namedCurve === 'secp384r1' ? 384 : 256}`;
  try {
    return await signWithKey(key, { algorithm: `${begins}-${hash}` as SignatureAlgorithm, digest });
  } catch {
    return 'crypto/rsa: input must be hashed message';
  }
}

function failed(message: string): VaultReply {
  return refuse(500, `1 error occurred:\n\t* ${message}\n\n`);
}
