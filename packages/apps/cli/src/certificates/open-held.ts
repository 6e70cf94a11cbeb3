import { keyIdOf, type Signer, SignwrightError } from '@signwright/signing-core';
import { type OpeningKeys, openReference } from '../context/signers/open-key.ts';
import { type Held, readHeld } from './held.ts';

/** What is said of a held certificate that cannot be used, and what gets another. */
export type HeldUse = {
  /** Who is to sign with it, for messages: `signer build`. */
  readonly whose: string;
  /** The command that issues one, and the one that renews it. */
  readonly issue: string;
  readonly renew: string;
};

/** A signer with a certificate that was issued before. */
export type HeldSigner = Signer & { readonly held: Held };

/**
 * Opens a certificate that was issued before, with its key: it must be valid now and for this key. Whether it is revoked, whoever
 * verifies asks.
 *
 * @throws SignwrightError `configuration` that names the command that gets one which will do; as the key does.
 */
export async function openHeld(directory: string, use: HeldUse, opening: OpeningKeys): Promise<HeldSigner> {
  const { held, signer } = await openBoth(directory, use, opening);
  const { der } = held.leaf;
  return { held, publicKey: () => signer.publicKey(), certificate: async () => der, sign: (wanted) => signer.sign(wanted) };
}

/** Certificate and key; once more where they do not fit, for both may have been replaced between the two. */
async function openBoth(directory: string, use: HeldUse, opening: OpeningKeys): Promise<{ held: Held; signer: Signer }> {
  for (let again = true; ; again = false) {
    const held = await readHeld(directory, use.issue);
    checkValid(held, use);
    const reference = 'file' in held.key ? held.key.file : held.key.reference;
    const signer = await openReference(reference, use.whose, opening, {});
    if (keyIdOf(await signer.publicKey()) === keyIdOf(held.leaf.publicKey)) return { held, signer };
    if (again) continue;
    throw new SignwrightError('configuration', `the certificate of ${use.whose} is for another key than the one beside it`, {
      where: directory,
      next: use.issue,
    });
  }
}

function checkValid({ leaf: { notBefore, notAfter }, directory }: Held, { whose, renew }: HeldUse): void {
  const now = Date.now();
  const iso = (at: number): string => new Date(at).toISOString();
  if (now > notAfter)
    throw new SignwrightError('configuration', `the certificate of ${whose} has expired at ${iso(notAfter)}`, {
      where: directory,
      next: renew,
    });
  if (now < notBefore)
    throw new SignwrightError('configuration', `the certificate of ${whose} is valid from ${iso(notBefore)} on`, {
      where: directory,
      next: "check this machine's clock",
    });
}
