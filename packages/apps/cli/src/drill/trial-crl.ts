import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseCertificate, type RevocationReason, sha256 } from '@signwright/signing-core';

const AUTHORITY = 'drill';
const LIFETIME = 7 * 24 * 3600;

/** A certificate to revoke. */
export type ToRevoke = { readonly serial: string; readonly reason: RevocationReason };

/**
 * Makes the next CRL of the drill's CA, as a CA of ours makes it, where the shadow's `trust.revocation.crls` looks for it. What the CA
 * remembers lies beside its key.
 *
 * @param directory of the shadow.
 */
export async function writeTrialCrl(directory: string, now: Date, revoked: readonly ToRevoke[] = []): Promise<void> {
  const { change, makeCrl, openJournal, openTrialDomain } = await import('@signwright/certificates');
  const { createDirectoryStore } = await import('@signwright/storage');
  const { createFileSigner } = await import('@signwright/signer-file');
  const trial = join(directory, 'trial');
  const { certificate } = await (await openTrialDomain(trial)).certificateAuthority();
  const passphrase = async (): Promise<never> => Promise.reject(new TypeError('the key of a trial has no passphrase'));
  const signer = await createFileSigner({ path: join(trial, 'trial-ca.key'), passphrase });
  const blobs = createDirectoryStore(join(trial, 'issued'));
  const journal = openJournal(blobs);
  const at = now.toISOString();
  const order = sha256('a drill');
  const events = revoked.map(
    ({ serial, reason }) => ({ type: 'revoked', at, authority: AUTHORITY, serial, reason, by: 'drill', order }) as const,
  );
  if (events.length > 0) await change(journal, async () => ({ events }));
  const ca = { id: AUTHORITY, signer, certificate: parseCertificate(certificate.raw), crlLifetime: LIFETIME };
  const { der } = await makeCrl(ca, { journal, blobs }, now);
  await writeFile(join(directory, 'trial.crl'), der);
}
