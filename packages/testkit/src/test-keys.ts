import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { type Signer, signWithKey } from '@signwright/signing-core';

export type TestKeys = { readonly privateKey: KeyObject; readonly publicKey: KeyObject };

export type TestKeyType = 'p256' | 'p384' | 'p521' | 'rsa1024' | 'rsa2048' | 'rsa-pss' | 'ed25519';

const MAKERS: { readonly [type in TestKeyType]: () => TestKeys } = {
  p256: () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' }),
  p384: () => generateKeyPairSync('ec', { namedCurve: 'secp384r1' }),
  p521: () => generateKeyPairSync('ec', { namedCurve: 'secp521r1' }),
  rsa1024: () => generateKeyPairSync('rsa', { modulusLength: 1024 }),
  rsa2048: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  'rsa-pss': () => generateKeyPairSync('rsa-pss', { modulusLength: 2048, hashAlgorithm: 'sha256', mgf1HashAlgorithm: 'sha256' }),
  ed25519: () => generateKeyPairSync('ed25519'),
};

const made = new Map<string, TestKeys>();

/** A key pair; the same one for the same type and name within a run, as RSA keys take long to make. */
export function testKeys(type: TestKeyType = 'p256', name = ''): TestKeys {
  const id = `${type} ${name}`;
  const keys = made.get(id) ?? MAKERS[type]();
  made.set(id, keys);
  return keys;
}

/** A fresh P-256 key pair. */
export function freshKeys(): TestKeys {
  return MAKERS.p256();
}

/** A signer whose key is in memory; it stands for itself unless it is given a certificate. */
export function memorySigner(keys: TestKeys, certificate?: Uint8Array): Signer {
  return {
    publicKey: async () => keys.publicKey,
    certificate: async () => certificate,
    sign: (request) => signWithKey(keys.privateKey, request),
  };
}
