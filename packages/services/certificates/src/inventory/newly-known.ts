import type { Sha256 } from '@signwright/signing-core';
import type { CertificateEvent, CertificateFacts, CertificateUse, FoundIn } from './events.ts';
import type { Inventory } from './inventory.ts';

/** A certificate that somebody has: what it says, where it was found, and what is said of it besides. */
export type FoundCertificate = {
  readonly facts: CertificateFacts;
  readonly found: FoundIn;
  readonly place?: string;
} & CertificateUse;

/**
 * What an inventory does not know yet of certificates that were found: the certificate, that it is there too, or whose it is. Found
 * once more, nothing is new. What is known of a certificate is not said anew: whoever describes it does that.
 *
 * @param at when they were found, ISO 8601.
 */
export function newlyKnown({ byDigest }: Inventory, found: readonly FoundCertificate[], at: string): CertificateEvent[] {
  return mergeFound(found).flatMap(({ facts, found, place, ...use }) => {
    const known = byDigest(facts.digest);
    const where = { found, ...(place === undefined ? {} : { place }) };
    const added = fieldsOf(use).filter(([field]) => known?.[field] === undefined);
    const elsewhere = !known?.found.some((one) => one.in === found && one.place === place);
    if (known !== undefined && !elsewhere && added.length === 0) return [];
    return [{ type: 'known', at, ...where, facts, ...Object.fromEntries(added) } satisfies CertificateEvent];
  });
}

/** The same, each certificate once for each place; what is said of it first counts. */
function mergeFound(found: readonly FoundCertificate[]): FoundCertificate[] {
  const merged = new Map<string, FoundCertificate>();
  const said = new Map<Sha256, CertificateUse>();
  for (const one of found) {
    const { facts, found: by, place, ...use } = one;
    const key = JSON.stringify([facts.digest, by, place]);
    merged.set(key, merged.get(key) ?? { facts, found: by, ...(place === undefined ? {} : { place }) });
    said.set(facts.digest, { ...Object.fromEntries(fieldsOf(use)), ...said.get(facts.digest) });
  }
  return [...merged.values()].map((one) => ({ ...one, ...said.get(one.facts.digest) }));
}

function fieldsOf(use: CertificateUse): [keyof CertificateUse, unknown][] {
  return (Object.entries(use) as [keyof CertificateUse, unknown][]).filter(([, value]) => value !== undefined);
}

/** What of a certificate is not as it is known; nothing where it is, or is not known. */
export function contradiction({ byDigest }: Inventory, facts: CertificateFacts): string | undefined {
  const known = byDigest(facts.digest);
  if (known === undefined) return undefined;
  for (const field of ['serial', 'key'] as const) if (known[field] !== facts[field]) return field;
  for (const field of ['notBefore', 'notAfter'] as const) {
    // Ours are reserved to the second, or finer than a certificate says.
    if (Math.abs(Date.parse(known[field]) - Date.parse(facts[field])) >= 1000) return field;
  }
  return undefined;
}
