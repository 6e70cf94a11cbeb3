import type { Journal } from '@signwright/certificates';
import { type BlobStore, SignwrightError } from '@signwright/signing-core';
import { isCi } from '../context/ci-job.ts';
import type { OpenPolicy } from '../context/open-policy.ts';
import { openStore, type StorePlace, storePlace } from '../context/open-store.ts';
import { certificatesOf } from './definitions.ts';
import { rememberInventory } from './seen-inventory.ts';

/** The inventory of certificates, open. */
export type OpenInventory = { readonly journal: Journal; readonly blobs: BlobStore; readonly place: StorePlace };

/**
 * Refuses an inventory that the certificates of our own CA would vanish from: a directory of a CI job's machine.
 *
 * @throws SignwrightError `configuration` that says what to do.
 */
export function checkInventoryLasts(open: OpenPolicy, { place: { kind, reference } }: OpenInventory): void {
  const { persistent, where } = certificatesOf(open);
  if (kind !== 'directory' || persistent || !isCi()) return;
  throw new SignwrightError(
    'configuration',
    `the inventory ${reference} is a directory, and a CI job's machine may be thrown away: nobody could revoke what is issued`,
    {
      where,
      next: 'keep it in a bucket (certificates.inventory: s3://…) or on a branch (git+https://…#branch), or say certificates.persistent: true where the directory lasts',
    },
  );
}

/** Opens the inventory the policy names. @throws SignwrightError `policy` where it has no certificates, and as the store does. */
export async function openInventory(open: OpenPolicy): Promise<OpenInventory> {
  const place = storePlace(certificatesOf(open).inventory, open, 'certificates.inventory');
  const { blobs } = await openStore(place);
  const { openJournal } = await import('@signwright/certificates');
  return { journal: rememberInventory(openJournal(blobs), place.reference), blobs, place };
}
