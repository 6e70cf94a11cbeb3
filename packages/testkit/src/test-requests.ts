import { type KeyObject, sign } from 'node:crypto';
import { commonName, signatureAlgorithm, type TestExtension, writeExtension } from './test-certificates.ts';
import type { TestKeys } from './test-keys.ts';
import { bitString, explicit, integer, oid, sequence, set } from './write-der.ts';

export type TestRequestSpec = {
  readonly subject?: string;
  readonly extensions?: readonly TestExtension[];
  /** Attributes by OID, each of one value in DER, beside the extensions. */
  readonly attributes?: readonly (readonly [string, Buffer])[];
  readonly version?: number;
  readonly hash?: 'sha1' | 'sha256' | 'sha384' | 'sha512';
  /** The key to sign with, where it is not the one in the request. */
  readonly signedWith?: KeyObject;
};

/** A certificate request (PKCS#10) that says just what it is told to, right or wrong. */
export function testRequest(keys: TestKeys, spec: TestRequestSpec = {}): Buffer {
  const key = spec.signedWith ?? keys.privateKey;
  const { hash = 'sha256', extensions = [], attributes = [] } = spec;
  const asked = extensions.length === 0 ? [] : [['1.2.840.113549.1.9.14', sequence(...extensions.map(writeExtension))] as const];
  const information = sequence(
    integer(spec.version ?? 0),
    commonName(spec.subject ?? ''),
    keys.publicKey.export({ type: 'spki', format: 'der' }),
    explicit(0, ...[...asked, ...attributes].map(([id, value]) => sequence(oid(id), set(value)))),
  );
  const signature = sign(key.asymmetricKeyType === 'ed25519' ? null : hash, information, key);
  return sequence(information, signatureAlgorithm(key, hash), bitString(signature));
}
