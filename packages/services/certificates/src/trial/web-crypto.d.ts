/**
 * Names of the Web Cryptography API that the types of @peculiar/x509 take from the browser's library. Node has them all, under
 * `webcrypto`; the browser's whole library would put `name`, `event` and `status` into every file's scope.
 */
import type { webcrypto } from 'node:crypto';

declare global {
  type AlgorithmIdentifier = webcrypto.AlgorithmIdentifier;
  type BufferSource = ArrayBufferView | ArrayBuffer;
  type KeyUsage = webcrypto.KeyUsage;
  interface Algorithm extends webcrypto.Algorithm {}
  interface Crypto extends webcrypto.Crypto {}
  interface CryptoKey extends webcrypto.CryptoKey {}
  interface CryptoKeyPair extends webcrypto.CryptoKeyPair {}
  interface EcKeyGenParams extends webcrypto.EcKeyGenParams {}
  interface EcKeyImportParams extends webcrypto.EcKeyImportParams {}
  interface EcdsaParams extends webcrypto.EcdsaParams {}
  interface RsaHashedImportParams extends webcrypto.RsaHashedImportParams {}
}
