import type { Sha256 } from '@signwright/signing-core';
import type { CertificateEvent, CertificateFacts, CertificateUse, FoundIn } from './events.ts';
import { type Revocation, revocationOf, worseOf } from './revocation.ts';

/** One certificate, or a serial number that was taken for one. Times are ISO 8601. */
export type InventoryEntry = CertificateUse & {
  /** The policy's name of the CA, where it is one of its authorities. */
  readonly authority?: string;
  readonly serial: string;
  /** Absent as long as no certificate is known for the serial number. */
  readonly digest?: Sha256;
  readonly profile?: string;
  readonly key: string;
  /** The distinguished name in another's certificate; ours have none. */
  readonly subject?: string;
  readonly san?: string;
  /** The OIDC issuer in a certificate of ours; the issuing CA's name in another's. */
  readonly issuer: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly requester?: string;
  readonly job?: string;
  readonly proofs?: readonly Sha256[];
  readonly renews?: Sha256;
  /** When it came into the inventory. */
  readonly since: string;
  /** Where it was found, where others issued it. */
  readonly found: readonly { readonly in: FoundIn; readonly place?: string }[];
  readonly revoked?: Revocation;
  /** Who renews it at the moment, and until when nobody else does. */
  readonly renewing?: { readonly by: string; readonly until: string };
  /** The certificate that took over from it. */
  readonly renewedBy?: Sha256;
  /** The thresholds, in seconds, that somebody was told of. */
  readonly alerted: readonly number[];
};

/** The last CRL of one of our CAs. */
export type LastCrl = {
  readonly number: number;
  readonly thisUpdate: string;
  readonly nextUpdate: string;
  readonly digest: Sha256;
};

/** What all events come to. */
export type Inventory = {
  readonly entries: readonly InventoryEntry[];
  byDigest(digest: Sha256): InventoryEntry | undefined;
  bySerial(authority: string, serial: string): InventoryEntry | undefined;
  /** By the policy's name of the CA. */
  readonly crls: ReadonlyMap<string, LastCrl>;
  /** The CAs of ours that revoked something since their last CRL. */
  readonly unpublished: ReadonlySet<string>;
};

type Draft = { -readonly [key in keyof InventoryEntry]: InventoryEntry[key] };

/** The inventory that events come to, in the order in which they came. */
export function inventoryOf(events: readonly CertificateEvent[]): Inventory {
  const entries: Draft[] = [];
  const byDigest = new Map<Sha256, Draft>();
  const bySerial = new Map<string, Draft>();
  const crls = new Map<string, LastCrl>();
  /** Reserved serial numbers without a certificate, by number and key: one may be found before it is said to be issued. */
  const awaited = new Map<string, Draft>();
  /** Those that were found, and turned out to be another's entry. */
  const merged = new Set<Draft>();
  const unpublished = new Set<string>();
  const add = (entry: Draft): Draft => {
    entries.push(entry);
    return entry;
  };

  for (const event of events) {
    switch (event.type) {
      case 'reserved': {
        const { type: _, at, ...said } = event;
        const entry = add({ ...said, since: at, found: [], alerted: [] });
        bySerial.set(serialKey(event.authority, event.serial), entry);
        awaited.set(serialKey(event.key, event.serial), entry);
        break;
      }
      case 'issued': {
        const entry = bySerial.get(serialKey(event.authority, event.serial));
        if (entry !== undefined) exists(entry, event.digest);
        break;
      }
      case 'known': {
        const { type: _, at, found, place, facts, ...said } = event;
        const known = byDigest.get(facts.digest) ?? issuedUnsaid(facts, found);
        const where = { in: found, ...(place === undefined ? {} : { place }) };
        if (known === undefined) {
          const entry = add({ ...facts, ...said, since: at, found: [where], alerted: [] });
          byDigest.set(facts.digest, entry);
          renewed(entry);
        } else {
          // A list may say anything of a certificate; whoever has it knows.
          if (found !== 'import' && known.found.length > 0 && known.found.every((one) => one.in === 'import'))
            Object.assign(known, facts);
          const again = known.found.some((one) => one.in === where.in && one.place === where.place);
          if (!again) known.found = [...known.found, where];
          // What is known already is not said anew by whoever finds it once more.
          Object.assign(known, { ...said, ...known });
        }
        break;
      }
      case 'described': {
        const { type: _, at: _at, digest, ...said } = event;
        Object.assign(byDigest.get(digest) ?? {}, said);
        break;
      }
      case 'revoked': {
        if (event.authority !== undefined) unpublished.add(event.authority);
        const reserved = event.authority === undefined ? undefined : bySerial.get(serialKey(event.authority, event.serial));
        const entry = reserved ?? (event.digest && byDigest.get(event.digest));
        if (entry) entry.revoked = worseOf(entry.revoked, revocationOf(event));
        break;
      }
      case 'crl': {
        const { type: _, at: _at, authority, ...crl } = event;
        crls.set(authority, crl);
        unpublished.delete(authority);
        break;
      }
      case 'renewing': {
        const entry = byDigest.get(event.digest);
        if (entry) entry.renewing = { by: event.by, until: event.until };
        break;
      }
      case 'alerted': {
        const entry = byDigest.get(event.digest);
        if (entry) entry.alerted = [...entry.alerted, event.threshold];
        break;
      }
    }
  }
  return {
    entries: merged.size === 0 ? entries : entries.filter((entry) => !merged.has(entry)),
    crls,
    unpublished,
    byDigest: (digest) => byDigest.get(digest),
    bySerial: (authority, serial) => bySerial.get(serialKey(authority, serial)),
  };

  /** The certificate with a reserved serial number exists; it may have been found before that was said. */
  function exists(entry: Draft, digest: Sha256): void {
    const before = byDigest.get(digest);
    if (before !== undefined && before !== entry) {
      merged.add(before);
      const { owner, purpose, keyReference, found, alerted, revoked } = before;
      const more = { owner, purpose, keyReference, revoked };
      Object.assign(entry, { ...Object.fromEntries(Object.entries(more).filter(([, value]) => value !== undefined)), ...entry });
      Object.assign(entry, { found: [...entry.found, ...found], alerted: [...entry.alerted, ...alerted] });
    }
    entry.digest = digest;
    awaited.delete(serialKey(entry.key, entry.serial));
    byDigest.set(digest, entry);
    renewed(entry);
  }

  /** A certificate of ours that somebody has, though nobody came to say that it was issued. A list may say anything. */
  function issuedUnsaid({ key, serial, digest }: CertificateFacts, found: FoundIn): Draft | undefined {
    const entry = found === 'import' ? undefined : awaited.get(serialKey(key, serial));
    if (entry !== undefined) exists(entry, digest);
    return entry;
  }

  function renewed({ digest, renews }: Draft): void {
    const before = renews && byDigest.get(renews);
    if (before && digest !== undefined) before.renewedBy ??= digest;
  }
}

function serialKey(authority: string, serial: string): string {
  return `${authority}/${serial}`;
}

/** What becomes of a certificate as time goes by. */
export type CertificateStatus = 'reserved' | 'not-yet-valid' | 'valid' | 'expired' | 'revoked';

/** @param now milliseconds since 1970 UTC. */
export function statusOf({ digest, revoked, notBefore, notAfter }: InventoryEntry, now: number): CertificateStatus {
  if (revoked !== undefined) return 'revoked';
  if (now > Date.parse(notAfter)) return 'expired';
  if (digest === undefined) return 'reserved';
  return now < Date.parse(notBefore) ? 'not-yet-valid' : 'valid';
}
