import { createReadStream } from 'node:fs';
import { SignwrightError } from '@signwright/signing-core';

/** Gives a passphrase when it is needed; called at most once a key. */
export type Passphrase = () => Promise<Buffer>;

/** Where a passphrase comes from, by name: never itself, for arguments and policies can be read by others. */
export type PassphraseSource = {
  /** The name of an environment variable. */
  environmentVariable?: string;
  /** The number of an open descriptor, as in `--passphrase-fd 3 3<file`; read to its end, one line break at the end dropped. */
  descriptor?: number;
};

const MAX_BYTES = 1024;

/**
 * A passphrase out of an environment variable or a descriptor, read when it is asked for.
 *
 * @param env the program's environment.
 * @throws SignwrightError `usage` at once where both or neither are named; `configuration` on reading, where there is nothing to
 * read or it is longer than 1,024 bytes. An empty passphrase is one.
 */
export function passphraseFrom(source: PassphraseSource, env: { readonly [name: string]: string | undefined }): Passphrase {
  const { environmentVariable, descriptor } = source;
  if ((environmentVariable === undefined) === (descriptor === undefined)) {
    throw new SignwrightError('usage', 'a passphrase comes from one place: an environment variable or a descriptor');
  }
  if (environmentVariable !== undefined) return async () => fromEnvironment(environmentVariable, env);
  return () => fromDescriptor(descriptor as number);
}

function fromEnvironment(name: string, env: { readonly [name: string]: string | undefined }): Buffer {
  const value = env[name];
  if (value === undefined) {
    throw new SignwrightError('configuration', `the environment variable ${name} for the passphrase is not set`, {
      next: `set ${name} for this job alone, masked in its log`,
    });
  }
  return bounded(Buffer.from(value), `the environment variable ${name}`);
}

async function fromDescriptor(descriptor: number): Promise<Buffer> {
  const where = `descriptor ${descriptor}`;
  if (!Number.isInteger(descriptor) || descriptor < 0)
    throw new SignwrightError('usage', `${where} for the passphrase is no number of one`);
  const chunks: Buffer[] = [];
  try {
    // `end` counts inclusively: one byte more than a passphrase may have, so that a longer one shows.
    for await (const chunk of createReadStream('', { fd: descriptor, autoClose: false, highWaterMark: MAX_BYTES + 3 })) {
      chunks.push(chunk as Buffer);
      if (chunks.reduce((sum, one) => sum + one.length, 0) > MAX_BYTES + 2) break;
    }
  } catch (cause) {
    throw new SignwrightError('configuration', `the passphrase cannot be read from ${where}`, {
      next: `open it when the command starts, as in "signwright sign … ${descriptor}<passphrase-file"`,
      cause,
    });
  }
  const bytes = Buffer.concat(chunks);
  const ending = /\r?\n$/.exec(bytes.toString('latin1'))?.[0].length ?? 0;
  return bounded(bytes.subarray(0, bytes.length - ending), where);
}

function bounded(bytes: Buffer, where: string): Buffer {
  if (bytes.length <= MAX_BYTES) return bytes;
  throw new SignwrightError('configuration', `the passphrase from ${where} is longer than ${MAX_BYTES} bytes`);
}
