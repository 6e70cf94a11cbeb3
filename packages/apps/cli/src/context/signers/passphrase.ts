import type { Passphrase } from '@signwright/signer-file';

/** Where a passphrase comes from, by name. */
export type PassphraseOptions = { readonly passphraseEnv?: string; readonly passphraseFd?: number };

/** Reads a passphrase once, whatever it is for. */
export function passphraseOf({ passphraseEnv, passphraseFd }: PassphraseOptions): Passphrase | undefined {
  if (passphraseEnv === undefined && passphraseFd === undefined) return undefined;
  const source = {
    ...(passphraseEnv === undefined ? {} : { environmentVariable: passphraseEnv }),
    ...(passphraseFd === undefined ? {} : { descriptor: passphraseFd }),
  };
  let read: Promise<Buffer> | undefined;
  return async () => {
    read ??= import('@signwright/signer-file').then(({ passphraseFrom }) => passphraseFrom(source, process.env)());
    // Whoever gets it wipes it.
    return Buffer.from(await read);
  };
}
