import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readBounded } from '@signwright/files';
import { messageOf, readPublicKey, SignwrightError, verifierKeyOf } from '@signwright/signing-core';
import { printLines } from '../../print-lines.ts';

const MAX_KEY = 16 * 1024;

export type AuditInitOptions = { readonly name: string; readonly key: string; readonly witness?: true };

/** `signwright audit init`: a key for a log or a witness, in a file, and what the policy needs to know of it. */
export async function auditInit({ name, key, witness }: AuditInitOptions): Promise<void> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const text = verifierKeyOf(name, publicKey, witness ? 'witness' : 'log').text;
  await mkdir(dirname(key), { recursive: true, mode: 0o700 });
  const pem = Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  try {
    await writeNew(key, pem);
  } finally {
    pem.fill(0);
  }
  printLines([
    `a new ${witness ? "witness's" : "log's"} key is in ${key}: keep it from the jobs that sign, and out of version control`,
    '',
    'what the policy needs:',
    ...(witness
      ? [`  audit: { witnesses: [{ name: ${name}, key: "${text}" }] }`]
      : [`  audit: { log: …, verifier-keys: ["${text}"], key: ${key} }`]),
  ]);
}

/** Whoever made the key that is there already may have signed with it. */
async function writeNew(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600).catch((cause: unknown) => {
    throw new SignwrightError('configuration', `no key can be made at ${path}: ${messageOf(cause)}`, {
      next: 'name a file that does not exist, where this user may write',
      cause,
    });
  });
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

export type AuditKeyOptions = { readonly name: string; readonly witness?: true };

/** `signwright audit key FILE`: the verifier key of a key that is there already, public or private. */
export async function auditKey(file: string, { name, witness }: AuditKeyOptions): Promise<void> {
  const pem = (await readBounded(file, MAX_KEY, 'the key')).toString();
  printLines([verifierKeyOf(name, publicKeyIn(pem, file), witness ? 'witness' : 'log').text]);
}

function publicKeyIn(pem: string, file: string): ReturnType<typeof createPublicKey> {
  if (/-----BEGIN PUBLIC KEY-----/.test(pem)) return readPublicKey(pem, file);
  try {
    return createPublicKey(createPrivateKey(pem));
  } catch {
    throw new SignwrightError('configuration', 'neither a public key nor a private key without a passphrase, in PEM', {
      where: file,
      next: 'give its public key: openssl pkey -in KEY -pubout',
    });
  }
}
