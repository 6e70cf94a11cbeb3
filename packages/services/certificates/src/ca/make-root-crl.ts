import { type CrlIssuer, type MadeCrl, makeCrl } from './make-crl.ts';
import type { CertificateStore } from './own-authority.ts';

/** What events call the root of a CA: no name in a policy has a stroke in it. */
export function rootOf(authority: string): string {
  return `${authority}/root`;
}

/**
 * Makes the next CRL of a CA's root, of intermediates: all that events `revoked` say under {@link rootOf} its name.
 *
 * @param root the root, under the name of the CA.
 * @throws SignwrightError as {@link makeCrl}.
 */
export function makeRootCrl(root: CrlIssuer, store: CertificateStore, now: Date): Promise<MadeCrl> {
  return makeCrl({ ...root, id: rootOf(root.id) }, store, now);
}
