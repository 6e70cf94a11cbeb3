import type { InventoryEntry } from '@signwright/certificates';
import { openInventory } from '../certificates/open-inventory.ts';
import { plainSerial } from '../certificates/plain-serial.ts';
import { selectCertificates } from '../certificates/select-certificates.ts';
import type { OpenPolicy } from '../context/open-policy.ts';
import type { Scope } from './scope.ts';

/** The certificates of what was compromised, as the inventory has them. */
export type ToRevoke = {
  readonly wanted: readonly InventoryEntry[];
  /** Revoked before, from as early on. */
  readonly before: readonly InventoryEntry[];
  /** A certificate that the inventory has not: it is taken in when it is revoked. */
  readonly unknown?: string;
};

/**
 * Finds the certificates that are to be revoked: of a key, the one that is named, those of a workload that were valid in that time, or
 * all that were issued in a time. Where a CA is compromised none is: it is cut off itself, and its CRLs say nothing any more.
 *
 * @param file the certificate, where the user names its file.
 */
export async function certificatesToRevoke(open: OpenPolicy, scope: Scope, file?: string): Promise<ToRevoke> {
  if (open.policy.certificates === undefined) return { wanted: [], before: [] };
  const { journal } = await openInventory(open);
  const { inventoryOf } = await import('@signwright/certificates');
  const meant = inventoryOf((await journal.read()).events).entries.filter((entry) => isMeant(entry, scope));
  const before = meant.filter((entry) => isRevoked(entry, scope));
  const { certificate, authorities } = scope;
  const unknown = meant.length === 0 && certificate?.der !== undefined && authorities.length === 0 ? file : undefined;
  return {
    wanted: meant.filter((entry) => !before.includes(entry)),
    before,
    ...(unknown === undefined ? {} : { unknown }),
  };
}

/** Takes a certificate into the inventory that it did not know. */
export async function takeIn(open: OpenPolicy, file: string): Promise<readonly InventoryEntry[]> {
  return (await selectCertificates(open, { certificate: file }, await openInventory(open))).matched;
}

function isMeant(entry: InventoryEntry, { compromise, certificate, authorities, since, until }: Scope): boolean {
  const [from, end] = [since ?? Number.NEGATIVE_INFINITY, until ?? Number.POSITIVE_INFINITY];
  switch (compromise.what) {
    case 'key':
      return entry.key === compromise.id;
    case 'certificate':
      if (authorities.length > 0) return false;
      if (certificate?.digest !== undefined) return entry.digest === certificate.digest;
      return plainSerial(entry.serial) === certificate?.serial;
    case 'workload':
      return entry.requester === compromise.id && Date.parse(entry.notAfter) >= from && Date.parse(entry.notBefore) < end;
    case 'time':
      return Date.parse(entry.since) >= from && Date.parse(entry.since) < end;
  }
}

/** Whether it is revoked for a reason that voids what it signed, from then on or earlier. */
function isRevoked({ revoked }: InventoryEntry, { since }: Scope): boolean {
  if (revoked === undefined || !VOIDING.has(revoked.reason)) return false;
  return revoked.invalidFrom === undefined || Date.parse(revoked.invalidFrom) <= (since ?? Number.NEGATIVE_INFINITY);
}

const VOIDING: ReadonlySet<string> = new Set(['unspecified', 'keyCompromise', 'privilegeWithdrawn', 'cACompromise']);
