export type { AzureCredential, AzureKeySignerOptions } from './azure-key-signer.ts';
export { createAzureKeySigner } from './azure-key-signer.ts';
