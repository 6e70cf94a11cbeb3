import type { Sha256 } from '@signwright/signing-core';
import { inventoryOf } from '../inventory/inventory.ts';
import { change } from '../inventory/journal.ts';
import type { CertificateStore } from './own-authority.ts';

/** Whether a certificate is one's own to renew, and why it is not. */
export type RenewalClaim = { readonly claimed: true } | { readonly claimed: false; readonly why: string };

const LONGEST_MS = 60 * 60 * 1000;

/**
 * Claims the renewal of a certificate until an instant, so that nobody else renews it meanwhile: of those who ask at once one is given
 * it. Who dies over it lets it run out.
 *
 * @param by who, for people. @param until an hour from now at the most. @param now the caller's clock.
 */
export async function claimRenewal(
  { journal }: CertificateStore,
  digest: Sha256,
  by: string,
  until: Date,
  now: Date,
): Promise<RenewalClaim> {
  if (until <= now || until.getTime() - now.getTime() > LONGEST_MS)
    throw new TypeError('a renewal is claimed for an hour at the most');
  const { claim } = await change(journal, ({ events }) => {
    const refused = (why: string) => ({ claim: { claimed: false, why } as RenewalClaim, events: [] });
    const entry = inventoryOf(events).byDigest(digest);
    if (entry === undefined) return refused('the inventory does not know it');
    if (entry.revoked) return refused('it was revoked');
    if (entry.renewedBy !== undefined) return refused(`${entry.renewedBy} took over from it`);
    const { renewing } = entry;
    if (renewing && Date.parse(renewing.until) > now.getTime())
      return refused(`${renewing.by} renews it until ${renewing.until}`);
    const event = { type: 'renewing', at: now.toISOString(), digest, by, until: until.toISOString() } as const;
    return { claim: { claimed: true } as RenewalClaim, events: [event] };
  });
  return claim;
}
