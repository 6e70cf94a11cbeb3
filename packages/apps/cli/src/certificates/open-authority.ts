import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { OwnAuthority } from '@signwright/certificates';
import { keyIdOf, parseKeyReference, type Signer, SignwrightError } from '@signwright/signing-core';
import type { OpenPolicy } from '../context/open-policy.ts';
import { openReference } from '../context/signers/open-key.ts';
import { type PassphraseOptions, passphraseOf } from '../context/signers/passphrase.ts';
import type { OwnDefinition } from './definitions.ts';

/**
 * Opens the key of a CA of our own, where it stays.
 *
 * @throws SignwrightError `configuration` where it is a file that is not there, and as the key does.
 */
export async function openAuthorityKey(
  open: OpenPolicy,
  { id, key, where }: OwnDefinition,
  options: PassphraseOptions,
  signal: AbortSignal,
): Promise<Signer> {
  const reference = parseKeyReference(key);
  if (reference.scheme === 'file' && !existsSync(resolve(open.directory, reference.path))) {
    throw new SignwrightError('configuration', `the key of the authority ${id} is not here: ${key}`, {
      where,
      next: `run this where it is; a CA that there is not yet is made once: signwright cert init --authority ${id} --root-key FILE --issuer URL`,
    });
  }
  const passphrase = passphraseOf(options);
  const opening = {
    directory: open.directory,
    signal,
    idToken: async () => Promise.reject(noToken(id)),
    ...(passphrase === undefined ? {} : { passphrase }),
  };
  return openReference(key, `the authority ${id}`, opening, {});
}

/**
 * Opens a CA of our own: its key, with the certificate of the policy's trust root that is for this key.
 *
 * @throws SignwrightError `configuration` where the trust root has none that is valid now, and as the key does.
 */
export async function openAuthority(
  open: OpenPolicy,
  definition: OwnDefinition,
  options: PassphraseOptions,
  signal: AbortSignal,
): Promise<OwnAuthority> {
  const signer = await openAuthorityKey(open, definition, options, signal);
  const { id, crl, crlLifetime, where } = definition;
  const keyId = keyIdOf(await signer.publicKey());
  const now = Date.now();
  const ours = (open.trustRoot?.certificateAuthorities ?? []).filter(({ chain }) => keyIdOf(chain[0].publicKey) === keyId);
  const [newest] = ours
    .filter(({ chain: [first], validUntil }) => first.notBefore <= now && now < Math.min(first.notAfter, validUntil ?? Infinity))
    .sort((a, b) => b.chain[0].notAfter - a.chain[0].notAfter);
  if (newest !== undefined) {
    const { chain } = newest;
    return { id, signer, certificate: chain[0], chain, ...(crl === undefined ? {} : { crl }), crlLifetime };
  }
  throw new SignwrightError(
    'configuration',
    ours.length === 0
      ? `the trust root has no certificate authority with the key of ${id}`
      : `the certificate of the authority ${id} is not valid now`,
    { where, next: `make one: signwright cert init --authority ${id} --root-key FILE --issuer URL` },
  );
}

function noToken(id: string): SignwrightError {
  return new SignwrightError('configuration', `the key of the authority ${id} is not opened with a job's ID token`, {
    next: 'give its token in VAULT_TOKEN',
  });
}
