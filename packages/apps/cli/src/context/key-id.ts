import { existsSync } from 'node:fs';
import { readBounded } from '@signwright/files';
import { keyIdOf, parseSshPublicKey, readPublicKey, SignwrightError } from '@signwright/signing-core';
import type { OpenPolicy } from './open-policy.ts';

/**
 * A key that may be a person's too: an SSH key by its fingerprint (`SHA256:…`) or its `.pub` file; else as {@link keyIdFrom}.
 *
 * @returns what records name the key by.
 */
export async function signingKeyFrom(text: string, open: OpenPolicy): Promise<string> {
  if (/^SHA256:[A-Za-z0-9+/]{43}$/.test(text)) return text;
  if (!existsSync(text) || open.policy.signers.has(text)) return keyIdFrom(text, open);
  const content = (await readBounded(text, 16_384, 'the public key')).toString();
  return /^(ssh-|sk-|ecdsa-)/.test(content) ? parseSshPublicKey(content).fingerprint : keyIdFrom(text, open);
}

/**
 * A key as people name it on the command line: by the signer of the policy whose only key it is, by its public key's file, or by its
 * id.
 *
 * @returns base64 of SHA-256 over SubjectPublicKeyInfo, as records name keys.
 * @throws SignwrightError `usage` where the text names no key, or several.
 */
export async function keyIdFrom(text: string, { policy }: OpenPolicy): Promise<string> {
  const definition = policy.signers.get(text);
  if (definition) {
    const [key, ...others] = definition.rule.keys;
    if (key && others.length === 0) return key.keyId;
    if (key === undefined) {
      throw new SignwrightError('usage', `signer ${text} has no key of its own: it signs with certificates`, {
        where: definition.where,
        next: `name the certificate (its file, its serial number), or the workload (${definition.rule.workloads.map(({ id }) => id).join(', ')})`,
      });
    }
    throw new SignwrightError('usage', `signer ${text} has ${definition.rule.keys.length} keys`, {
      where: definition.where,
      next: "name one by its public key's file",
    });
  }
  if (existsSync(text)) return keyIdOf(readPublicKey((await readBounded(text, 16_384, 'the public key')).toString(), text));
  if (/^[A-Za-z0-9+/]{43}=$/.test(text)) return text;
  throw new SignwrightError('usage', `${JSON.stringify(text)} names no key`, {
    next: "give a signer of the policy, a public key's file, or its id (base64 of SHA-256 over SubjectPublicKeyInfo)",
  });
}
