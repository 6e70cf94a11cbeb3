import { type KeyObject, verify } from 'node:crypto';
import { algorithmsOf } from '../keys.ts';
import { bytesOf, child, type Der } from './der.ts';

/** SHA-2 with ECDSA or RSA, and Ed25519; SHA-1 and MD5 are not here. */
const ALGORITHMS: { readonly [oid: string]: { readonly key: string; readonly hash: string | null } } = {
  '1.2.840.10045.4.3.2': { key: 'ec', hash: 'sha256' },
  '1.2.840.10045.4.3.3': { key: 'ec', hash: 'sha384' },
  '1.2.840.10045.4.3.4': { key: 'ec', hash: 'sha512' },
  '1.2.840.113549.1.1.11': { key: 'rsa', hash: 'sha256' },
  '1.2.840.113549.1.1.12': { key: 'rsa', hash: 'sha384' },
  '1.2.840.113549.1.1.13': { key: 'rsa', hash: 'sha512' },
  '1.3.101.112': { key: 'ed25519', hash: null },
};

/** Whether what is signed by an algorithm may count. */
export function isAccepted(algorithm: string): boolean {
  return Object.hasOwn(ALGORITHMS, algorithm);
}

/** A signed structure of X.509's kind: what the signature is over, by what, and the signature. */
export type SignedBytes = { readonly message: Buffer; readonly algorithm: string; readonly signature: Buffer };

/**
 * Reads `SEQUENCE { what is signed, AlgorithmIdentifier, BIT STRING, … }` and its algorithm, which must be one we accept, with the
 * parameters it has to have. Throws an Error that says what is wrong.
 */
export function readSigned(root: Der): SignedBytes {
  return { message: bytesOf(child(root, 0)), algorithm: readAlgorithm(child(root, 1)), signature: readBits(child(root, 2)) };
}

/** The OID of an AlgorithmIdentifier of a signature we accept. Throws an Error for another one. */
export function readAlgorithm(identifier: Der): string {
  const oid = child(identifier, 0).toOID();
  if (!isAccepted(oid)) throw new Error(`it is signed with ${oid}, too weak or unknown`);
  const [, parameters, ...more] = identifier.subs;
  const empty = parameters === undefined || (ALGORITHMS[oid]?.key === 'rsa' && bytesOf(parameters).equals(Buffer.of(5, 0)));
  if (!empty || more.length > 0) throw new Error(`its signature algorithm ${oid} has parameters`);
  return oid;
}

/** The bytes of a BIT STRING without unused bits. */
export function readBits(der: Der): Buffer {
  if (!der.tag.isBitString() || der.tag.constructed || der.value[0] !== 0) throw new Error('not a BIT STRING of whole bytes');
  return der.value.subarray(1);
}

/** Whether a key of a kind we accept made the signature, by the algorithm that is named. Never throws. */
export function holds({ message, algorithm, signature }: SignedBytes, key: KeyObject): boolean {
  const by = ALGORITHMS[algorithm];
  try {
    algorithmsOf(key);
    return by !== undefined && key.asymmetricKeyType === by.key && verify(by.hash, message, key, signature);
  } catch {
    return false;
  }
}
