export { listAgentKeys } from './agent-keys.ts';
export type { SshSigner, SshSignerOptions } from './ssh-signer.ts';
export { createSshSigner } from './ssh-signer.ts';
