export type { ListOptions, TokenCertificate } from './list-certificates.ts';
export { listPkcs11Certificates } from './list-certificates.ts';
export type { Pkcs11SignerOptions } from './pkcs11-signer.ts';
export { createPkcs11Signer } from './pkcs11-signer.ts';
