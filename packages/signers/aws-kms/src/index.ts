export { createAwsKmsSigner } from './aws-kms-signer.ts';
