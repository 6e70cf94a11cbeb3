import { type JsonObject, SignwrightError } from '@signwright/signing-core';
import type { VaultKey } from './read-key.ts';

const WRITTEN = /^vault:v([1-9]\d{0,8}):([A-Za-z0-9+/]+={0,2})$/;
const ED25519_BYTES = 64;
const MAX_BYTES = 1_024;

/**
 * Reads the answer to "sign data" of the transit API: `vault:vN:BASE64`, of the version that was asked for.
 *
 * @throws SignwrightError `invalid-input`.
 */
export function readSignature(data: JsonObject, key: VaultKey, where: string): Uint8Array {
  const fail = (why: string): never => {
    throw new SignwrightError('invalid-input', `the answer of Vault is no signature: ${why}`, {
      where,
      next: 'check that it is a transit engine of Vault or OpenBao that answers there',
    });
  };
  const written = data['signature'];
  const found = typeof written === 'string' ? WRITTEN.exec(written) : null;
  const [, version, base64 = ''] = found ?? fail('it is not written vault:vN:BASE64');
  const said = data['key_version'] ?? key.version;
  if (Number(version) !== key.version || said !== key.version)
    fail(`it is by version ${version}, and version ${key.version} was to sign`);
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length > MAX_BYTES || bytes.toString('base64') !== base64) fail('its base64 is malformed');
  if (key.algorithms[0] === 'ed25519' && bytes.length !== ED25519_BYTES) fail(`it has ${bytes.length} bytes`);
  return bytes;
}
