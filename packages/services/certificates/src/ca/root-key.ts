import { createCipheriv, generateKeyPair, type KeyObject, pbkdf2, randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { derWriter, messageOf, type Signer, SignwrightError, signWithKey } from '@signwright/signing-core';
import { syncDirectory, writeNew } from '../write-durably.ts';

const { integer, NULL, octetString, oid, sequence } = derWriter;

/** A root's key to be made: ECDSA P-384. */
export type NewRootKey = {
  /** Where it is written, for its owner alone; must not exist. To be taken offline. */
  readonly keyFile: string;
  /** At least 12 bytes. It is not overwritten here. */
  readonly passphrase: Uint8Array;
};

const SHORTEST_PASSPHRASE = 12;
const ITERATIONS = 600_000;
const KEY_BYTES = 32;
const SALT_BYTES = 16;

/**
 * Lets work be done with a root's key. One that is made for it is on disk before, and gone again where the work fails: it has
 * certified nothing.
 */
export async function withRootKey<T>(
  root: NewRootKey | { readonly signer: Signer },
  work: (signer: Signer) => Promise<T>,
): Promise<T> {
  if ('signer' in root) return work(root.signer);
  const { publicKey, privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'secp384r1' });
  await writeKey(root, privateKey);
  try {
    return await work({
      publicKey: async () => publicKey,
      certificate: async () => undefined,
      sign: (request) => signWithKey(privateKey, request),
    });
  } catch (error) {
    await rm(root.keyFile, { force: true });
    throw error;
  }
}

async function writeKey({ keyFile, passphrase }: NewRootKey, key: KeyObject): Promise<void> {
  if (passphrase.length < SHORTEST_PASSPHRASE)
    throw new SignwrightError('configuration', `the root's passphrase is shorter than ${SHORTEST_PASSPHRASE} bytes`, {
      next: 'take a longer one: whoever finds the file may try as long as they like',
    });
  const pem = await encrypt(key, passphrase);
  try {
    await writeNew(keyFile, pem, 0o600);
    await syncDirectory(dirname(keyFile));
  } catch (cause) {
    const exists = (cause as NodeJS.ErrnoException).code === 'EEXIST';
    throw new SignwrightError(
      exists ? 'configuration' : 'unreachable',
      exists ? "there is a file here already: a root's key is never overwritten" : `cannot be written: ${messageOf(cause)}`,
      { where: keyFile, cause },
    );
  }
}

/** PKCS#8 by PBES2 (RFC 8018, 6.2) with many more rounds than node:crypto takes, which lets nobody choose them. */
async function encrypt(key: KeyObject, passphrase: Uint8Array): Promise<string> {
  const [salt, iv] = [randomBytes(SALT_BYTES), randomBytes(16)];
  const secret = await promisify(pbkdf2)(passphrase, salt, ITERATIONS, KEY_BYTES, 'sha256');
  const pkcs8 = key.export({ type: 'pkcs8', format: 'der' });
  try {
    const cipher = createCipheriv('aes-256-cbc', secret, iv);
    const sealed = Buffer.concat([cipher.update(pkcs8), cipher.final()]);
    const derivation = sequence(octetString(salt), integer(BigInt(ITERATIONS)), sequence(oid('1.2.840.113549.2.9'), NULL));
    const scheme = sequence(
      oid('1.2.840.113549.1.5.13'),
      sequence(sequence(oid('1.2.840.113549.1.5.12'), derivation), sequence(oid('2.16.840.1.101.3.4.1.42'), octetString(iv))),
    );
    const body = sequence(scheme, octetString(sealed))
      .toString('base64')
      .replace(/.{64}(?=.)/g, '$&\n');
    return `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${body}\n-----END ENCRYPTED PRIVATE KEY-----\n`;
  } finally {
    pkcs8.fill(0);
    secret.fill(0);
  }
}
