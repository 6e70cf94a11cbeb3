import { type Sha256, sha256 } from '@signwright/signing-core';
import type { CertificateEvent } from '../inventory/events.ts';
import { change, derKey } from '../inventory/journal.ts';
import { type Revocation, revocationOf, worseOf } from '../inventory/revocation.ts';
import { checkCrl } from './check-crl.ts';
import { keyIdentifierOf } from './extensions.ts';
import { later, wholeSecond } from './instant.ts';
import { type CertificateStore, checkSigner, type OwnAuthority } from './own-authority.ts';
import { type CrlEntry, writeCrl } from './write-crl.ts';

/** A CRL that was made. */
export type MadeCrl = { readonly der: Buffer; readonly digest: Sha256; readonly number: number; readonly nextUpdate: Date };

/** A CA, as far as it makes CRLs. */
export type CrlIssuer = Pick<OwnAuthority, 'id' | 'signer' | 'certificate' | 'crlLifetime'>;

/**
 * Makes the next CRL of a CA: all it ever revoked, also numbers of which no certificate is known and certificates that have expired.
 * It is kept before it is handed out. What is revoked while it is signed is in it: it is made anew.
 *
 * @throws SignwrightError `configuration` where the key is another's, `verification` where what was signed does not hold,
 * `unreachable`, `conflict` where others keep making CRLs.
 */
export async function makeCrl(ca: CrlIssuer, store: CertificateStore, now: Date): Promise<MadeCrl> {
  await checkSigner(ca);
  let made: (MadeCrl & { readonly basis: string }) | undefined;
  const { crl } = await change(store.journal, async ({ events }) => {
    const { revoked, last, orders } = contentOf(ca.id, events);
    // Others write of other things meanwhile: that is no reason to sign again.
    const basis = `${last} ${orders}`;
    if (made?.basis !== basis) made = { basis, ...(await sign(ca, store, { number: last + 1, revoked }, now)) };
    const { der, digest, number, nextUpdate } = made;
    const event = {
      type: 'crl',
      at: now.toISOString(),
      authority: ca.id,
      number,
      thisUpdate: wholeSecond(now).toISOString(),
      nextUpdate: nextUpdate.toISOString(),
      digest,
    } as const;
    return { crl: { der, digest, number, nextUpdate }, events: [event] };
  });
  return crl;
}

/** What a CA revoked, how many orders that took, and the number of its last CRL. */
function contentOf(authority: string, events: readonly CertificateEvent[]) {
  const revoked = new Map<string, Revocation>();
  let [last, orders] = [0, 0];
  for (const event of events) {
    if (event.type === 'crl' && event.authority === authority) last = Math.max(last, event.number);
    if (event.type !== 'revoked' || event.authority !== authority) continue;
    orders++;
    // Whoever wrote it down may have left a zero in front.
    const serial = BigInt(`0x${event.serial}`).toString(16);
    revoked.set(serial, worseOf(revoked.get(serial), revocationOf(event)));
  }
  return { revoked, last, orders };
}

async function sign(
  ca: CrlIssuer,
  { blobs }: CertificateStore,
  { number, revoked }: { number: number; revoked: ReadonlyMap<string, Revocation> },
  now: Date,
): Promise<MadeCrl> {
  const thisUpdate = wholeSecond(now);
  const nextUpdate = later(thisUpdate, ca.crlLifetime);
  const entries = [...revoked].map(([serial, revocation]) => entryOf(serial, revocation, thisUpdate));
  const der = await writeCrl(
    {
      issuer: ca.certificate.subject,
      issuerKey: keyIdentifierOf(ca.certificate),
      number,
      thisUpdate,
      nextUpdate,
      keepsExpiredSince: new Date(ca.certificate.notBefore),
      entries,
    },
    ca.signer,
  );
  checkCrl(der, ca.certificate, { number, thisUpdate, nextUpdate, entries });
  await blobs.putIfAbsent(derKey(der), der);
  return { der, digest: sha256(der), number, nextUpdate };
}

/** By another's clock it may have been revoked after now: no CRL says that, or it would not count yet. */
function entryOf(serial: string, { at, reason, invalidFrom }: Revocation, thisUpdate: Date): CrlEntry {
  const revokedAt = new Date(Math.min(Date.parse(at), thisUpdate.getTime()));
  return { serial, revokedAt, reason, ...(invalidFrom === undefined ? {} : { invalidFrom: new Date(invalidFrom) }) };
}
