export type { CertificateSignerOptions } from './certificate-signer.ts';
export { createCertificateSigner } from './certificate-signer.ts';
