export type { GoogleKmsOptions } from './connect.ts';
export { createGoogleKmsSigner } from './google-kms-signer.ts';
