import { type BlobStore, type Certificate, keyIdOf, type Signer, SignwrightError } from '@signwright/signing-core';
import type { Journal } from '../inventory/journal.ts';

/** A CA of our own: whoever may use its key issues. */
export type OwnAuthority = {
  /** The policy's name of it. */
  readonly id: string;
  readonly signer: Signer;
  readonly certificate: Certificate;
  /** Its own certificate first, the root last. */
  readonly chain: readonly Certificate[];
  /** Where its CRL is published. */
  readonly crl?: string;
  /** Seconds from thisUpdate to nextUpdate. */
  readonly crlLifetime: number;
};

/** Where all that a CA remembers is kept. */
export type CertificateStore = { readonly journal: Journal; readonly blobs: BlobStore };

/** @throws SignwrightError `configuration` where the signer's key is not the one that the CA's certificate is for. */
export async function checkSigner({
  id,
  signer,
  certificate,
}: Pick<OwnAuthority, 'id' | 'signer' | 'certificate'>): Promise<void> {
  if (keyIdOf(await signer.publicKey()) === keyIdOf(certificate.publicKey)) return;
  throw new SignwrightError(
    'configuration',
    `the key of the CA ${id} is not the one of its certificate ${certificate.subjectText}`,
    {
      next: 'name the key that the certificate was made for, or have the root certify this one',
    },
  );
}
