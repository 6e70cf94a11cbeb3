import { createPrivateKey, type KeyObject } from 'node:crypto';
import { SignwrightError } from '@signwright/signing-core';
import { openCosignKey } from './cosign-key.ts';
import type { Passphrase } from './passphrase.ts';

const PLAIN = new Set(['PRIVATE KEY', 'EC PRIVATE KEY', 'RSA PRIVATE KEY']);
const COSIGN = new Set(['ENCRYPTED SIGSTORE PRIVATE KEY', 'ENCRYPTED COSIGN PRIVATE KEY']);
const ENCRYPTED = 'ENCRYPTED PRIVATE KEY';

/**
 * Reads the one private key in a PEM file.
 *
 * @param where the file, for messages.
 * @throws SignwrightError `configuration`, without anything of the key or the passphrase.
 */
export async function parsePrivateKey(pem: Buffer, where: string, passphrase?: Passphrase): Promise<KeyObject> {
  const text = pem.toString('latin1');
  const label = labelOf(text, where);
  if (PLAIN.has(label)) return readPlain(pem, text, where);
  const secret = await ask(passphrase, where);
  try {
    if (label === ENCRYPTED) return createPrivateKey({ key: pem, passphrase: secret });
    return await openCosignKey(text, label, secret);
  } catch (error) {
    if (error instanceof SignwrightError) throw new SignwrightError(error.code, error.message, { where });
    throw new SignwrightError('configuration', 'the private key does not open: the passphrase is wrong, or the file is damaged', {
      where,
    });
  } finally {
    secret.fill(0);
  }
}

function labelOf(text: string, where: string): string {
  const labels = [...text.matchAll(/^-----BEGIN ([A-Z0-9 ]{1,60})-----\r?$/gm)].map((match) => match[1] as string);
  // openssl ecparam writes the curve in a block of its own, before the key that names it again.
  const keys = labels.filter((label) => label !== 'EC PARAMETERS');
  const refuse = (message: string, next: string): SignwrightError =>
    new SignwrightError('configuration', message, { where, next });
  const [label] = keys;
  if (label === undefined) throw refuse('not a private key in PEM', 'give a file that begins with -----BEGIN PRIVATE KEY-----');
  if (keys.length > 1) throw refuse('the file holds more than one block', 'leave only the private key in it');
  if (label === 'OPENSSH PRIVATE KEY') {
    throw refuse(
      'an OpenSSH private key cannot sign artifacts',
      'make a key of its own: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256',
    );
  }
  if (label.includes('PUBLIC KEY')) throw refuse('a public key, where the private one is needed', 'give the private key file');
  if (label === ENCRYPTED || PLAIN.has(label) || COSIGN.has(label)) return label;
  throw refuse(`"${label}" is not a private key we read`, 'convert it: openssl pkcs8 -topk8 -in KEY -out NEW-KEY');
}

function readPlain(pem: Buffer, text: string, where: string): KeyObject {
  if (text.includes('Proc-Type:')) {
    throw new SignwrightError('configuration', 'the private key is encrypted in the old PEM form, whose key derivation is weak', {
      where,
      next: 'convert it: openssl pkcs8 -topk8 -in KEY -out NEW-KEY',
    });
  }
  try {
    return createPrivateKey(pem);
  } catch {
    throw new SignwrightError('configuration', 'the private key cannot be read: the file is damaged or of an unknown kind', {
      where,
    });
  }
}

async function ask(passphrase: Passphrase | undefined, where: string): Promise<Buffer> {
  if (passphrase) return passphrase();
  throw new SignwrightError('configuration', 'the private key is encrypted, and no passphrase was given', {
    where,
    next: 'name the environment variable or the descriptor that holds it',
  });
}
