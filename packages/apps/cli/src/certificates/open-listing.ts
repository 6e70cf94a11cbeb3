import type { Inventory, ListedCertificate, ListQuery } from '@signwright/certificates';
import { type OpenPolicy, openPolicy, type PolicyOptions } from '../context/open-policy.ts';
import type { Run } from '../context/run.ts';
import { EXIT } from '../exit.ts';
import { printNote } from '../print-lines.ts';
import { type OpenInventory, openInventory } from './open-inventory.ts';
import { readUsage, type Usage } from './read-usage.ts';

/** Whether the audit log is read for what certificates were used for: `--usage`, `--no-usage`, or neither. */
export type UsageOptions = { readonly usage?: boolean };

/** The inventory as it is now, with what the log says. */
export type Listing = {
  readonly open: OpenPolicy;
  readonly store: OpenInventory;
  readonly inventory: Inventory;
  readonly usage: Usage;
  /** Certificates that the log names and the inventory has not. */
  readonly unlisted: number;
  /** Milliseconds since 1970 UTC. */
  readonly now: number;
};

/** Opens the policy's inventory and reads all of it. */
export async function openListing(options: PolicyOptions & UsageOptions, { signal }: Run): Promise<Listing> {
  const open = await openPolicy(options, new Date());
  const store = await openInventory(open);
  const { inventoryOf } = await import('@signwright/certificates');
  const { position, events } = await store.journal.read();
  if (position === 0) printNote(`nothing was ever written to the inventory ${store.place.reference}`);
  const inventory = inventoryOf(events);
  const usage = await readUsage(open, options.usage, signal);
  const unlisted = usage.read ? unlistedIn(usage.byDigest.keys(), inventory) : 0;
  return { open, store, inventory, usage, unlisted, now: Date.now() };
}

function unlistedIn(digests: Iterable<Parameters<Inventory['byDigest']>[0]>, { byDigest }: Inventory): number {
  let count = 0;
  for (const digest of digests) if (byDigest(digest) === undefined) count++;
  return count;
}

/** The certificates of a listing that a query is for. */
export async function certificatesIn({ inventory, usage, now }: Listing, query: ListQuery): Promise<ListedCertificate[]> {
  const { listCertificates } = await import('@signwright/certificates');
  return listCertificates(inventory, query, now, usage.read ? usage.byDigest : undefined);
}

/** Says beside the result what is not known of use; the exit code where it was asked for and could not be read. */
export function noteUsage({ usage, unlisted }: Listing, { usage: wanted }: UsageOptions): number {
  if (!usage.read && usage.why !== undefined) printNote(`what certificates were used for is not known: ${usage.why}`);
  if (unlisted > 0)
    printNote(`${unlisted} more certificates signed, as the log says: "signwright cert find --evidence" looks for them`);
  return !usage.read && wanted === true ? EXIT.inconclusive : EXIT.allow;
}
