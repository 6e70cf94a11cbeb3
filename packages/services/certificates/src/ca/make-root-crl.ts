import { type Certificate, SignwrightError } from '@signwright/signing-core';
import { keyIdentifier } from './extensions.ts';
import { type CrlIssuer, type MadeCrl, makeCrl } from './make-crl.ts';
import type { CertificateStore } from './own-authority.ts';

/**
 * What events call a root, by its key: several CAs of a policy may be under one, whose CRL is one. No name in a policy has a stroke
 * in it.
 */
export function rootOf({ publicKey }: Pick<Certificate, 'publicKey'>): string {
  return `root/${keyIdentifier(publicKey).toString('hex')}`;
}

/**
 * Makes the next CRL of a root, of intermediates: all that events `revoked` say under {@link rootOf} it.
 *
 * @throws SignwrightError `configuration` where it is no root, and as {@link makeCrl}.
 */
export async function makeRootCrl(root: Omit<CrlIssuer, 'id'>, store: CertificateStore, now: Date): Promise<MadeCrl> {
  const { certificate } = root;
  if (!certificate.isSignedBy(certificate))
    throw new SignwrightError('configuration', `${certificate.subjectText} is no root: another CA certified it`, {
      next: "its own CRL is made with the policy's key of it",
    });
  return makeCrl({ ...root, id: rootOf(certificate) }, store, now);
}
