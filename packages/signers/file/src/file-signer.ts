import { createPublicKey, type KeyObject } from 'node:crypto';
import { algorithmsOf, type Signer, SignwrightError, signWithKey } from '@signwright/signing-core';
import type { Passphrase } from './passphrase.ts';
import { parsePrivateKey } from './private-key.ts';
import { readPrivateFile } from './read-private-file.ts';

export type FileSignerOptions = {
  /** The private key in PEM: PKCS#8 (plain or encrypted), SEC 1, PKCS#1, or cosign's encrypted form. */
  path: string;
  /** Asked only for an encrypted key; see {@link passphraseFrom}. */
  passphrase?: Passphrase;
};

/**
 * A signer by a private key in a file that its owner alone can read.
 *
 * @throws SignwrightError `configuration` where the file is missing, open to others, no private key, weak, or not opened by the
 * passphrase. No message carries anything of the key or the passphrase.
 */
export async function createFileSigner(options: FileSignerOptions): Promise<Signer> {
  const pem = await readPrivateFile(options.path);
  const key = await parsePrivateKey(pem, options.path, options.passphrase).finally(() => pem.fill(0));
  refuseWeak(key, options.path);
  const publicKey = createPublicKey(key);
  return {
    publicKey: async () => publicKey,
    certificate: async () => undefined,
    sign: (request) => signWithKey(key, request),
  };
}

function refuseWeak(key: KeyObject, where: string): void {
  try {
    algorithmsOf(key);
  } catch (error) {
    if (!(error instanceof SignwrightError)) throw error;
    throw new SignwrightError(error.code, error.message, { where, ...(error.next === undefined ? {} : { next: error.next }) });
  }
}
