import type { SignwrightError } from '@signwright/signing-core';
import type { Cryptoki } from './cryptoki.ts';
import type { Sessions } from './sessions.ts';

/** What all signers on one token share, for PKCS#11 logs a process in, not a signer. */
export type TokenState = {
  readonly sessions: Sessions;
  /** Why its PIN is not tried again by this process: each try brings a token nearer to being locked. */
  refused?: SignwrightError;
};

/** A PKCS#11 library, loaded and initialised. */
export type Module = {
  readonly cryptoki: Cryptoki;
  /** What is known of its tokens, by slot. */
  readonly states: Map<number, TokenState>;
};
