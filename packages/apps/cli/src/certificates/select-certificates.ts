import { existsSync } from 'node:fs';
import type { Inventory, InventoryEntry } from '@signwright/certificates';
import { type Sha256, SignwrightError, sha256 } from '@signwright/signing-core';
import { parseInstant } from '../context/instant.ts';
import { keyIdFrom } from '../context/key-id.ts';
import type { OpenPolicy } from '../context/open-policy.ts';
import { certificatesOf } from './definitions.ts';
import type { OpenInventory } from './open-inventory.ts';
import { ownRootOver } from './open-root.ts';
import { nameOwnIssued } from './own-issued.ts';
import { readCertificateFile } from './pem-files.ts';
import { plainSerial } from './plain-serial.ts';

/** Which certificates are meant: one, those of a key or an owner, or all that were issued to a workload since a time. */
export type RevocationTarget = {
  readonly serial?: string;
  /** With `serial`: the CA, as the policy names it. */
  readonly issuedBy?: string;
  readonly certificate?: string;
  readonly certificateKey?: string;
  readonly owner?: string;
  readonly workload?: string;
  readonly since?: string;
};

/** @returns what the inventory has of them, and those it has known as revoked for good by the same words. */
export type Selected = { readonly matched: readonly InventoryEntry[]; readonly before: number };

/**
 * Finds the certificates that are meant in the inventory. A serial number of a CA of our own counts even where nothing is known of it.
 *
 * @throws SignwrightError `usage` where nothing or several things are said, or nothing is found.
 */
export async function selectCertificates(
  open: OpenPolicy,
  target: RevocationTarget,
  inventory: OpenInventory,
): Promise<Selected> {
  const named = (['serial', 'certificate', 'certificateKey', 'owner', 'workload'] as const).filter(
    (one) => target[one] !== undefined,
  );
  if (named.length !== 1)
    throw new SignwrightError('usage', named.length === 0 ? 'which certificates?' : 'several ways to say which certificates', {
      next: 'give one of --serial, --certificate, --certificate-key, --owner, --workload',
    });
  if ((target.workload === undefined) !== (target.since === undefined))
    throw new SignwrightError('usage', '--workload and --since go together', {
      next: 'say since when what it was issued is to be revoked: --workload ID --since 2026-01-31T12:00:00Z',
    });
  if (target.issuedBy !== undefined && target.serial === undefined)
    throw new SignwrightError('usage', '--issued-by goes with --serial', { next: 'leave it out' });
  const { inventoryOf } = await import('@signwright/certificates');
  const known = inventoryOf((await inventory.journal.read()).events);
  const matched = await find(open, target, known, inventory);
  if (matched.length > 0) return { matched: await nameOwnIssued(open, matched, known, inventory), before: 0 };
  throw new SignwrightError('usage', 'the inventory knows no such certificate', {
    where: inventory.place.reference,
    next: 'look for it: signwright cert list; what others issued is taken in with signwright cert import',
  });
}

async function find(
  open: OpenPolicy,
  { serial, issuedBy, certificate, certificateKey, owner, workload, since }: RevocationTarget,
  known: Inventory,
  inventory: OpenInventory,
): Promise<readonly InventoryEntry[]> {
  const { entries } = known;
  if (serial !== undefined) return bySerial(open, serialOf(serial), issuedBy, entries);
  if (certificate !== undefined) return byFile(open, certificate, known, inventory);
  if (certificateKey !== undefined) {
    const isReference = !existsSync(certificateKey) && /^[a-z0-9]+:/.test(certificateKey);
    const id = isReference ? undefined : await keyIdFrom(certificateKey, open);
    return entries.filter(({ key, keyReference }) => (id === undefined ? keyReference === certificateKey : key === id));
  }
  if (owner !== undefined) return entries.filter((entry) => entry.owner === owner);
  const from = parseInstant(since as string, '--since');
  return entries.filter((entry) => entry.requester === workload && Date.parse(entry.since) >= from);
}

/** Whole bytes in hex, as the inventory has it. */
function serialOf(text: string): string {
  const hex = plainSerial(text);
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  if (/^([0-9a-f]{2}){1,32}$/.test(even)) return even;
  throw new SignwrightError('usage', `${JSON.stringify(text.slice(0, 80))} is no serial number`, { next: 'give it in hex' });
}

function bySerial(
  open: OpenPolicy,
  serial: string,
  authority: string | undefined,
  entries: readonly InventoryEntry[],
): readonly InventoryEntry[] {
  const found = entries.filter((one) => one.serial === serial && (authority === undefined || one.authority === authority));
  if (found.length > 1) {
    const names = found.map((one) => one.authority ?? one.issuer).join(', ');
    throw new SignwrightError('usage', `several CAs have used the serial number ${serial}: ${names}`, {
      next: 'name the authority (--issued-by), or the certificate itself (--certificate FILE)',
    });
  }
  const definition = authority === undefined ? undefined : certificatesOf(open).authorities.get(authority);
  if (found.length === 1 || authority === undefined || definition?.type !== 'own') return found;
  // Whoever stole the key of a CA may have issued what nobody else knows of.
  return [{ authority, serial, key: '', issuer: '', notBefore: '', notAfter: '', since: '', found: [], alerted: [] }];
}

/** A certificate that the inventory does not know is taken in: what is revoked is known from then on. */
async function byFile(
  open: OpenPolicy,
  path: string,
  known: Inventory,
  { journal, blobs }: OpenInventory,
): Promise<readonly InventoryEntry[]> {
  const [der] = await readCertificateFile(path);
  const digest: Sha256 = sha256(der);
  const there = known.byDigest(digest);
  const root = await ownRootOver(open, der);
  if (there !== undefined) return [root === undefined ? there : { ...there, authority: root }];
  const { change, derKey, inventoryOf, readFacts } = await import('@signwright/certificates');
  await blobs.putIfAbsent(derKey(der), der);
  const event = {
    type: 'known',
    at: new Date().toISOString(),
    found: 'import',
    place: path,
    ...(root === undefined ? {} : { authority: root }),
    ...readFacts(der, 'the certificate'),
  } as const;
  const { state } = await change(journal, () => ({ events: [event] }));
  const entry = inventoryOf(state.events).byDigest(digest);
  return entry === undefined ? [] : [entry];
}
