import type { Journal } from '@signwright/certificates';
import type { BlobStore } from '@signwright/signing-core';
import type { OpenPolicy } from '../context/open-policy.ts';
import { openStore, type StorePlace, storePlace } from '../context/open-store.ts';
import { certificatesOf } from './definitions.ts';

/** The inventory of certificates, open. */
export type OpenInventory = { readonly journal: Journal; readonly blobs: BlobStore; readonly place: StorePlace };

/** Opens the inventory the policy names. @throws SignwrightError `policy` where it has no certificates, and as the store does. */
export async function openInventory(open: OpenPolicy): Promise<OpenInventory> {
  const place = storePlace(certificatesOf(open).inventory, open, 'certificates.inventory');
  const { blobs } = await openStore(place);
  const { openJournal } = await import('@signwright/certificates');
  return { journal: openJournal(blobs), blobs, place };
}
