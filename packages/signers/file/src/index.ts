export type { FileSignerOptions } from './file-signer.ts';
export { createFileSigner } from './file-signer.ts';
export type { Passphrase, PassphraseSource } from './passphrase.ts';
export { passphraseFrom } from './passphrase.ts';
