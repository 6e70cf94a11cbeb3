import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import type { SignatureAlgorithm as AzureAlgorithm, KeyVaultKey } from '@azure/keyvault-keys';
import { type AzureKeyReference, algorithmsOf, type SignatureAlgorithm, SignwrightError } from '@signwright/signing-core';

/** One version of a key, and what it signs by: in our words, and in Azure's. */
export type AzureKey = {
  readonly publicKey: KeyObject;
  readonly name: AzureAlgorithm;
  readonly algorithms: readonly [SignatureAlgorithm];
};

type Name = {
  readonly name: AzureAlgorithm;
  readonly algorithm: SignatureAlgorithm /** Of r and of s. */;
  readonly bytes: number;
};

const ES256: Name = { name: 'ES256', algorithm: 'ecdsa-p256-sha256', bytes: 32 };
/** Key Vault takes 48 bytes for ES384 and no other name for P-384: never a SHA-256. */
const ES384: Name = { name: 'ES384', algorithm: 'ecdsa-p384-sha384', bytes: 48 };
const RS256: Name = { name: 'RS256', algorithm: 'rsa-pkcs1-sha256', bytes: 0 };

/** What Azure calls the algorithm of a key that {@link readKey} took. */
export function nameOf(key: KeyObject): Name {
  if (key.asymmetricKeyType === 'rsa') return RS256;
  return key.asymmetricKeyDetails?.namedCurve === 'secp384r1' ? ES384 : ES256;
}

/**
 * Reads a key bundle: the version that was asked for, of that vault, which may sign now.
 *
 * @param now milliseconds since 1970. @throws SignwrightError `configuration`, `invalid-input` where the answer is another's.
 */
export function readKey(bundle: KeyVaultKey, reference: AzureKeyReference, now: number): AzureKey {
  checkId(bundle, reference);
  checkUsable(bundle, reference, now);
  const publicKey = publicKeyOf(bundle, reference);
  const { name, algorithm } = nameOf(publicKey);
  return { publicKey, name, algorithms: [algorithm] };
}

/** The SDK sends the token wherever the answer's `kid` says: it must be where it was sent before. */
function checkId({ id = '', properties: { version } }: KeyVaultKey, reference: AzureKeyReference): void {
  const { vault, key } = reference;
  const wanted = reference.version ?? version ?? '';
  if (/^[0-9a-f]{32}$/.test(wanted) && id === `${vault}/keys/${key}/${wanted}`) return;
  throw new SignwrightError('invalid-input', 'the answer of Azure Key Vault is about another key than was asked for', {
    where: reference.text,
    next: 'check that it is Azure Key Vault that answers there',
  });
}

function checkUsable({ keyOperations = [], properties }: KeyVaultKey, reference: AzureKeyReference, now: number): void {
  const off = (message: string, next: string): SignwrightError =>
    new SignwrightError('configuration', message, { where: reference.text, next });
  const { enabled, notBefore, expiresOn } = properties;
  if (enabled !== true) throw off('the key is disabled', 'enable it, or name another version');
  if (notBefore && notBefore.getTime() > now)
    throw off(`the key is not active before ${notBefore.toISOString()}`, 'wait, or change its activation date');
  if (expiresOn && expiresOn.getTime() <= now)
    throw off(`the key expired at ${expiresOn.toISOString()}`, 'rotate it: make a new version, and pin that beside this one');
  if (!keyOperations.includes('sign')) throw off('the key may not sign: its key_ops have no "sign"', 'make one that may');
}

/** `-HSM` says where the private half is; oct keys have no public one. */
function publicKeyOf({ key = {}, keyType = '' }: KeyVaultKey, reference: AzureKeyReference): KeyObject {
  const kty = keyType.replace(/-HSM$/, '');
  const jwk: JsonWebKey =
    kty === 'RSA'
      ? { kty, n: base64url(key.n), e: base64url(key.e) }
      : { kty, crv: key.crv ?? '', x: base64url(key.x), y: base64url(key.y) };
  if ((kty !== 'RSA' && kty !== 'EC') || (kty === 'EC' && !/^P-(256|384)$/.test(key.crv ?? '')))
    throw new SignwrightError('configuration', `a key of type ${shown(`${keyType} ${key.crv ?? ''}`)} is not accepted`, {
      where: reference.text,
      next: 'use EC or EC-HSM on P-256 or P-384, or RSA or RSA-HSM of 2048 to 4096 bits',
    });
  const publicKey = importKey(jwk, reference);
  algorithmsOf(publicKey);
  return publicKey;
}

function importKey(jwk: JsonWebKey, { text }: AzureKeyReference): KeyObject {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    throw new SignwrightError('invalid-input', 'the answer of Azure Key Vault holds a public key that is none', { where: text });
  }
}

function base64url(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString('base64url');
}

function shown(type: string): string {
  return /^[\w -]{1,64}$/.test(type) ? type.trim() : 'unknown';
}
