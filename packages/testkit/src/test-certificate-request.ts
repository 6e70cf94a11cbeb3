import { sign } from 'node:crypto';
import { signatureAlgorithm, type TestExtension } from './test-certificates.ts';
import { freshKeys, type TestKeys } from './test-keys.ts';
import { bitString, boolean, explicit, integer, octetString, oid, sequence, set, utf8String } from './write-der.ts';

export type TestCertificateRequestSpec = {
  readonly keys?: TestKeys;
  /** A common name; none unless told. */
  readonly subject?: string;
  /** Extensions that it asks for. */
  readonly extensions?: readonly TestExtension[];
  /** The keys it is signed with, where they are not those it is for. */
  readonly signedWith?: TestKeys;
};

const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';

/** A certificate request (PKCS#10) that asks for just what it is told to, right or wrong. */
export function testCertificateRequest(spec: TestCertificateRequestSpec = {}): Buffer {
  const keys = spec.keys ?? freshKeys();
  const { privateKey } = spec.signedWith ?? keys;
  const algorithm = signatureAlgorithm(privateKey, 'sha256');
  const extensions = (spec.extensions ?? []).map((one) =>
    sequence(oid(one.oid), ...(one.critical ? [boolean(true)] : []), octetString(one.value)),
  );
  const information = sequence(
    integer(0),
    spec.subject === undefined ? sequence() : sequence(set(sequence(oid('2.5.4.3'), utf8String(spec.subject)))),
    keys.publicKey.export({ type: 'spki', format: 'der' }),
    explicit(0, ...(extensions.length === 0 ? [] : [sequence(oid(EXTENSION_REQUEST), set(sequence(...extensions)))])),
  );
  const signature = sign(privateKey.asymmetricKeyType === 'ed25519' ? null : 'sha256', information, privateKey);
  return sequence(information, algorithm, bitString(signature));
}
