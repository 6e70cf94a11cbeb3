import type { KeyObject } from 'node:crypto';
import { keyIdOf, type Sha256, SignwrightError, sha256 } from '@signwright/signing-core';
import type { CertificateEvent } from '../inventory/events.ts';
import { type Inventory, inventoryOf } from '../inventory/inventory.ts';
import { change, derKey } from '../inventory/journal.ts';
import { checkCertificateRequest } from './check-request.ts';
import { later, wholeSecond } from './instant.ts';
import { checkLeaf, type Life, writeLeaf } from './leaf.ts';
import { type CertificateStore, checkSigner, type OwnAuthority } from './own-authority.ts';
import { freshSerial } from './serial.ts';
import { checkWanted, type WantedCertificate } from './wanted-certificate.ts';

/** A certificate that was issued. */
export type IssuedCertificate = {
  readonly der: Buffer;
  /** What it rests on in DER: the issuing CA first, the root last. */
  readonly chain: Buffer[];
  /** Hex. */
  readonly serial: string;
  readonly digest: Sha256;
};

/** For clocks that are behind. */
const SKEW = 60;

/**
 * Issues a certificate. Its serial number is in the journal before anything is signed, and the certificate is before it is handed out:
 * wherever this ends, no number is used twice, and every certificate that may exist can be revoked.
 *
 * @param now the CA's own clock.
 * @throws SignwrightError `denied` where the request, the key or what it renews forbids it; `invalid-input` where the request cannot
 * be read; `configuration` where the CA ends before; `unreachable`; `verification` where what was signed does not hold.
 */
export async function issueCertificate(
  ca: OwnAuthority,
  store: CertificateStore,
  wanted: WantedCertificate,
  now: Date,
): Promise<IssuedCertificate> {
  checkWanted(wanted);
  const key = checkCertificateRequest(wanted.csr, wanted);
  const life = lifeOf(ca, wanted, now);
  await checkSigner(ca);
  const { serial } = await change(store.journal, ({ events }) => {
    const inventory = inventoryOf(events);
    checkKey(ca, inventory, key, wanted);
    checkRenewal(inventory, wanted);
    return reserve(ca, inventory, wanted, { key: keyIdOf(key), ...life }, now);
  });
  const der = await writeLeaf(ca, wanted, { serial, key, ...life });
  checkLeaf(ca, wanted, der, now);
  await store.blobs.putIfAbsent(derKey(der), der);
  const digest = sha256(der);
  const at = now.toISOString();
  const { state } = await change(store.journal, () => ({
    events: [{ type: 'issued', at, authority: ca.id, serial, digest } as const],
  }));
  // Whoever revoked the number meanwhile meant this certificate.
  if (inventoryOf(state.events).bySerial(ca.id, serial)?.revoked)
    throw new SignwrightError('denied', `the certificate ${serial} was revoked while it was issued: it is not handed out`);
  return { der, chain: ca.chain.map((certificate) => certificate.der), serial, digest };
}

function lifeOf({ id, chain }: OwnAuthority, { validity }: WantedCertificate, now: Date): Life {
  const notBefore = later(wholeSecond(now), -SKEW);
  const notAfter = later(notBefore, validity);
  const ends = Math.min(...chain.map((certificate) => certificate.notAfter));
  if (notAfter.getTime() > ends)
    throw new SignwrightError(
      'configuration',
      `the CA ${id} ends at ${new Date(ends).toISOString()}, before the certificate would (${notAfter.toISOString()})`,
      { next: 'have the root certify an intermediate anew, and add it to the trust root' },
    );
  return { notBefore, notAfter };
}

/** A key is one holder's, and one that was somebody else's is nobody's. */
function checkKey(ca: OwnAuthority, { entries }: Inventory, key: KeyObject, { requester }: WantedCertificate): void {
  const id = keyIdOf(key);
  const fail = (why: string): never => {
    throw new SignwrightError('denied', `the certificate request is refused: ${why}`, { next: 'make a new key' });
  };
  if (ca.chain.some((certificate) => keyIdOf(certificate.publicKey) === id)) fail("its key is the CA's own");
  for (const entry of entries) {
    if (entry.key !== id) continue;
    if (entry.revoked?.reason === 'keyCompromise') fail('its key was revoked as compromised');
    if (entry.requester !== undefined && entry.requester !== requester) fail(`its key is held by ${entry.requester}`);
  }
}

function checkRenewal(inventory: Inventory, { renews, requester }: WantedCertificate): void {
  if (renews === undefined) return;
  const before = inventory.byDigest(renews);
  const why =
    before === undefined
      ? 'the inventory does not know it'
      : before.requester !== requester
        ? `it is not one of ${requester}`
        : before.revoked
          ? 'it was revoked'
          : before.renewedBy && `${before.renewedBy} took over from it already`;
  if (why !== undefined) throw new SignwrightError('denied', `the certificate ${renews} is not renewed: ${why}`);
}

function reserve(
  { id: authority }: OwnAuthority,
  inventory: Inventory,
  wanted: WantedCertificate,
  { key, notBefore, notAfter }: Life & { key: string },
  now: Date,
): { serial: string; events: CertificateEvent[] } {
  const { profile, san, issuer, requester, job, proofs, renews, owner, purpose, environments, keyReference } = wanted;
  const serial = freshSerial((one) => inventory.bySerial(authority, one) !== undefined);
  const event: CertificateEvent = {
    type: 'reserved',
    at: now.toISOString(),
    serial,
    authority,
    profile,
    key,
    san: san.value,
    issuer,
    notBefore: notBefore.toISOString(),
    notAfter: notAfter.toISOString(),
    requester,
    owner,
    purpose,
    ...(job === undefined ? {} : { job }),
    ...(proofs === undefined ? {} : { proofs }),
    ...(renews === undefined ? {} : { renews }),
    ...(environments === undefined ? {} : { environments }),
    ...(keyReference === undefined ? {} : { keyReference }),
  };
  return { serial, events: [event] };
}
