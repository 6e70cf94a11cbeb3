export type { VaultSignerOptions } from './vault-signer.ts';
export { createVaultSigner } from './vault-signer.ts';
