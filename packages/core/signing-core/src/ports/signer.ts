import type { KeyObject } from 'node:crypto';
import type { SignatureAlgorithm } from '../keys.ts';

/** What is to be signed. */
export type SignRequest = {
  algorithm: SignatureAlgorithm;
  /** The message's digest by the algorithm's hash; what a KMS is sent. */
  digest: Uint8Array;
  /** The message itself where it is small enough to be at hand (always, for an envelope). Ed25519 signs nothing else. */
  message?: Uint8Array;
};

/** Makes signatures with one private key, which stays where it is. */
export interface Signer {
  publicKey(): Promise<KeyObject>;
  /** The leaf certificate bound to the key, DER; `undefined` for a key that stands for itself. */
  certificate(): Promise<Uint8Array | undefined>;
  /**
   * @returns the signature: DER for ECDSA, PKCS#1 v1.5 for RSA, 64 bytes for Ed25519.
   * @throws SignwrightError `configuration` where the key cannot sign by this algorithm, `unreachable` where it was not reached.
   */
  sign(request: SignRequest): Promise<Uint8Array>;
}
