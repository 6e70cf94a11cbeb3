import type { CertificateEvent, Inventory, InventoryEntry } from '@signwright/certificates';
import {
  type Json,
  messageOf,
  REVOCATION,
  type RevocationReason,
  type RevokedCertificate,
  type Sha256,
  SignwrightError,
  sha256,
  writeRevocationOrder,
} from '@signwright/signing-core';
import { evidencePlace, openEvidence } from '../context/open-evidence.ts';
import { type OpenPolicy, trustRootOf } from '../context/open-policy.ts';
import { openTimestamps } from '../context/open-timestamps.ts';
import type { Run } from '../context/run.ts';
import type { PassphraseOptions } from '../context/signers/passphrase.ts';
import { tellOf } from '../notify/tell.ts';
import type { PersonKey } from '../people/person-key.ts';
import { signAsPerson } from '../people/sign-as-person.ts';
import { certificatesOf, isRoot, ownAuthorityNamed } from './definitions.ts';
import { type OpenInventory, openInventory } from './open-inventory.ts';
import { nameOwnIssued } from './own-issued.ts';
import { type PublishedCrl, publishCrl } from './publish-crl.ts';
import { recordCertificates, type ToRecord } from './record-certificates.ts';

/** What is revoked, why, and by whom: somebody that `openIncidentPerson` let through. */
export type ToRevoke = PassphraseOptions & {
  /** As the inventory has them; a serial number of a CA of ours that it does not know needs these fields alone. */
  readonly entries: readonly Pick<InventoryEntry, 'authority' | 'serial' | 'digest' | 'key' | 'profile' | 'san' | 'requester'>[];
  readonly reason: RevocationReason;
  readonly invalidFrom?: Date;
  /** For people. */
  readonly why: string;
  readonly person: PersonKey;
  /** Where evidence is kept, where the user names a store. */
  readonly evidence?: string;
  /** Where CRLs are written to. */
  readonly out?: string;
  readonly note: (line: string) => void;
};

/** What came of an order. */
export type Revoked = {
  /** The evidence of the order. */
  readonly order: Sha256;
  readonly crls: readonly PublishedCrl[];
  /** The CAs of ours whose CRL could not be made here, and why: the order stands, and `cert crl` completes it. */
  readonly pending: readonly { readonly authority: string; readonly why: string }[];
  /** Those of other CAs: they are to be revoked there too. */
  readonly elsewhere: ToRevoke['entries'];
};

/**
 * Revokes certificates: the order is signed → recorded → kept as evidence → in the inventory → in the CRLs, where the CA's key is here
 * → told. Once it is in the inventory the order stands, whatever comes after.
 *
 * @throws SignwrightError as the person's key, the log and the stores do: what is not revoked by then is by the next try.
 */
export async function revokeCertificates(open: OpenPolicy, { signal }: Run, asked: ToRevoke): Promise<Revoked> {
  const { reason, invalidFrom, why, person, note } = asked;
  if (asked.entries.length === 0) throw new TypeError('an order to revoke nothing');
  const { policy } = open;
  const inventory = await openInventory(open);
  const { change, inventoryOf } = await import('@signwright/certificates');
  const known = inventoryOf((await inventory.journal.read()).events);
  const entries = await nameOwnIssued(open, asked.entries, known, inventory);
  const wanted = { ...asked, entries };
  const timestamps = await openTimestamps(open, trustRootOf(open, note), note);
  const certificates = entries.map(named);
  const payload = writeRevocationOrder({
    person: person.person.id,
    given: new Date().toISOString(),
    reason,
    ...(invalidFrom === undefined ? {} : { invalidFrom: invalidFrom.toISOString() }),
    certificates,
    why,
    policy: { ...(policy.name === undefined ? {} : { name: policy.name }), digest: policy.digest },
  });
  const signed = await signAsPerson(payload, REVOCATION, person, { open, timestamps });
  const records = recordCertificates(open, { note, author: async () => ({ ...person.by, timestamps }) });
  const recorded = entries.map((entry) => recordOf(entry, reason, person.person.id, signed.evidence));
  await records.write(signed.evidence, recorded);

  const store = await openEvidence(evidencePlace(open, wanted.evidence), open);
  const subjects = [sha256(payload), ...certificates.flatMap(({ digest }) => digest ?? [])];
  await store.putAll([{ evidence: signed.bytes, subjects: [...new Set(subjects)] }]);

  const events = eventsOf(open, wanted, known, signed.evidence);
  for (let at = 0; at < events.length; at += AT_ONCE)
    await change(inventory.journal, () => ({ events: events.slice(at, at + AT_ONCE) }));

  const { crls, pending } = await publishAll(open, wanted, inventory, signal);
  await tellOf(open, 'revoked', telling(wanted, signed.evidence), note);
  return { order: signed.evidence, crls, pending, elsewhere: entries.filter((entry) => !isOurs(open, entry)) };
}

/** Revocations that one entry of the journal has room for. */
const AT_ONCE = 500;

type Entry = ToRevoke['entries'][number];

/** Whether a CA or a root of ours issued it, whose CRL says that it is revoked. */
export function isOurs(open: OpenPolicy, { authority }: Pick<Entry, 'authority'>): boolean {
  if (authority === undefined) return false;
  return isRoot(authority) || certificatesOf(open).authorities.get(authority)?.type === 'own';
}

function named({ authority, serial, digest }: Entry): RevokedCertificate {
  return { ...(authority === undefined ? {} : { authority }), serial, ...(digest === undefined ? {} : { digest }) };
}

function recordOf(entry: Entry, reason: RevocationReason, person: string, order: Sha256): ToRecord {
  const { authority, profile, serial, digest, key, san } = entry;
  return {
    said: 'revoke',
    ...(authority === undefined ? {} : { authority }),
    ...(profile === undefined ? {} : { profile }),
    serial,
    ...(digest === undefined ? {} : { digest }),
    ...(key === '' ? {} : { key }),
    ...(san === undefined ? {} : { subject: san }),
    person,
    evidence: [order],
    reason,
  };
}

/**
 * Of another's CA a certificate is known by its digest: its serial number is another's too; an intermediate's was never reserved. Nor
 * was that of one that a CA of ours is not known to have issued: its CRL lists the number all the same.
 */
function eventsOf(
  open: OpenPolicy,
  { entries, reason, invalidFrom, person }: ToRevoke,
  known: Inventory,
  order: Sha256,
): CertificateEvent[] {
  const at = new Date().toISOString();
  const from = invalidFrom === undefined ? {} : { invalidFrom: invalidFrom.toISOString() };
  const said = { type: 'revoked' as const, at, reason, ...from, by: person.person.id, order };
  return entries.flatMap((entry): CertificateEvent[] => {
    const { authority, serial, digest } = entry;
    const found = { ...said, serial, ...(digest === undefined ? {} : { digest }) };
    if (authority === undefined || !isOurs(open, entry)) return [found];
    if (isRoot(authority)) return [{ ...found, authority }];
    const ours = { ...said, authority, serial };
    const reserved = digest === undefined || known.bySerial(authority, serial)?.digest === digest;
    return reserved ? [ours] : [ours, found];
  });
}

/** Makes the CRL of each CA of ours at once, where its key can be used here. */
async function publishAll(
  open: OpenPolicy,
  { entries, passphraseEnv, passphraseFd, out }: ToRevoke,
  inventory: OpenInventory,
  signal: AbortSignal,
): Promise<Pick<Revoked, 'crls' | 'pending'>> {
  const crls: PublishedCrl[] = [];
  const pending: { authority: string; why: string }[] = [];
  const place = {
    ...(passphraseEnv === undefined ? {} : { passphraseEnv }),
    ...(passphraseFd === undefined ? {} : { passphraseFd }),
    ...(out === undefined ? {} : { out }),
  };
  const named = new Set(entries.filter((entry) => isOurs(open, entry)).map(({ authority }) => authority as string));
  for (const authority of named) {
    if (isRoot(authority)) {
      pending.push({ authority, why: "the root's key is offline" });
      continue;
    }
    try {
      crls.push(await publishCrl(open, ownAuthorityNamed(open, authority), inventory, place, signal));
    } catch (error) {
      if (!(error instanceof SignwrightError)) throw error;
      pending.push({ authority, why: messageOf(error) });
    }
  }
  return { crls, pending };
}

const SHOWN = 50;

function telling({ entries, reason, why, person, invalidFrom }: ToRevoke, order: Sha256): Json {
  return {
    person: person.person.id,
    reason,
    why,
    order,
    ...(invalidFrom === undefined ? {} : { invalidFrom: invalidFrom.toISOString() }),
    total: entries.length,
    certificates: entries.slice(0, SHOWN).map(named),
  };
}
