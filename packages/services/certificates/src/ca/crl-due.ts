import type { Inventory } from '../inventory/inventory.ts';
import { inventoryOf } from '../inventory/inventory.ts';
import { readDer } from '../inventory/read-der.ts';
import type { CertificateStore } from './own-authority.ts';

/**
 * Whether a CA owes a CRL: it made none yet, it revoked something since, or two thirds of the last one's life are over. One from the
 * time to come, by a clock that was ahead, is none.
 */
export function crlDue({ crls, unpublished }: Inventory, { id }: { readonly id: string }, now: Date): boolean {
  const last = crls.get(id);
  if (last === undefined || unpublished.has(id)) return true;
  const [from, to] = [Date.parse(last.thisUpdate), Date.parse(last.nextUpdate)];
  return now.getTime() < from || now.getTime() >= from + ((to - from) * 2) / 3;
}

/**
 * The last CRL of a CA, DER; `undefined` where it made none.
 *
 * @param authority the policy's name of it.
 * @throws SignwrightError `verification` where it is gone from the store; `unreachable`.
 */
export async function latestCrl({ journal, blobs }: CertificateStore, authority: string): Promise<Buffer | undefined> {
  const last = inventoryOf((await journal.read()).events).crls.get(authority);
  return last && readDer(blobs, last.digest);
}
