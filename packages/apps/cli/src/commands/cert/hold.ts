import { resolve } from 'node:path';
import { keyIdOf, parseCertificate, parseKeyReference, SignwrightError } from '@signwright/signing-core';
import { profileNamed } from '../../certificates/definitions.ts';
import { writeHeld } from '../../certificates/held.ts';
import { heldDirectoryOf } from '../../certificates/held-directories.ts';
import { readCertificateFile } from '../../certificates/pem-files.ts';
import { openPolicy, type PolicyOptions } from '../../context/open-policy.ts';
import type { Run } from '../../context/run.ts';
import { openReference } from '../../context/signers/open-key.ts';
import { type PassphraseOptions, passphraseOf } from '../../context/signers/passphrase.ts';
import { EXIT } from '../../exit.ts';
import { printLines } from '../../print-lines.ts';

export type CertHoldOptions = PolicyOptions &
  PassphraseOptions & {
    readonly profile: string;
    readonly certificate: string;
    readonly key: string;
    readonly directory?: string;
  };

/** `signwright cert hold`: puts a certificate that was issued elsewhere, and the reference of its key, where commands find it. */
export async function certHold(options: CertHoldOptions, { signal }: Run): Promise<number> {
  const open = await openPolicy(options, new Date());
  const profile = profileNamed(open, options.profile);
  const chain = await readCertificateFile(options.certificate);
  const leaf = parseCertificate(chain[0]);
  const reference = parseKeyReference(options.key).scheme === 'file' ? resolve(options.key) : options.key;
  const passphrase = passphraseOf(options);
  const signer = await openReference(
    reference,
    'the certificate',
    {
      directory: '.',
      signal,
      idToken: async () => Promise.reject(new SignwrightError('denied', 'there is no ID token for a key here')),
      ...(passphrase === undefined ? {} : { passphrase }),
    },
    {},
  );
  if (keyIdOf(await signer.publicKey()) !== keyIdOf(leaf.publicKey)) {
    throw new SignwrightError('configuration', 'the certificate is for another key', {
      where: options.key,
      next: 'name the key that the request was made for',
    });
  }
  const directory = options.directory === undefined ? heldDirectoryOf(open, profile.id) : resolve(options.directory);
  await writeHeld(directory, chain, reference);
  printLines([`held in ${directory}, until ${new Date(leaf.notAfter).toISOString()}: commands take it with --held ${directory}`]);
  return EXIT.allow;
}
