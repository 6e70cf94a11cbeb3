export type { Pkcs11SignerOptions } from './pkcs11-signer.ts';
export { createPkcs11Signer } from './pkcs11-signer.ts';
