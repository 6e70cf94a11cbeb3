import type { Sha256 } from '@signwright/signing-core';
import { type CertificateStatus, type Inventory, type InventoryEntry, statusOf } from './inventory.ts';

/** A certificate whose end is near, and that nobody was told of yet. */
export type DueAlert = {
  readonly entry: InventoryEntry & { readonly digest: Sha256 };
  /** The least of the thresholds that it is within, in seconds before its end. */
  readonly threshold: number;
};

/** Nobody can do anything about the end of so short a life, in seconds, and nobody has to: what lives so short is made for one run. */
const TOO_SHORT = 3600;

/**
 * The certificates of which somebody is to be told that they end, those that end first before the others: each once a threshold; of
 * several thresholds that were passed since, the least.
 *
 * A threshold as long as a certificate's whole life, or longer, would tell of each when it is issued. In its place such a
 * certificate has one at two thirds of its life, when it is to be renewed. One that lives an hour at the most is not told of.
 *
 * Not told of are those that are revoked or have ended, those that were renewed (by a certificate that says so, or that has the same
 * authority, profile and name and ends later), and those that somebody renews right now.
 *
 * @param thresholds seconds before the end.
 * @param now milliseconds since 1970 UTC.
 */
export function dueAlerts({ entries, byDigest }: Inventory, thresholds: readonly number[], now: number): DueAlert[] {
  const latest = latestEnds(entries, now);
  const due = entries.flatMap((entry) => {
    const { digest, alerted, notAfter, renewedBy, renewing } = entry;
    const status = statusOf(entry, now);
    if (digest === undefined || !isGood(status)) return [];
    const next = renewedBy && byDigest(renewedBy);
    if (next !== undefined && isGood(statusOf(next, now)) && next.notAfter > notAfter) return [];
    if (renewing !== undefined && Date.parse(renewing.until) > now) return [];
    const name = nameOf(entry);
    if (name !== undefined && (latest.get(name) ?? '') > notAfter) return [];
    const left = (Date.parse(notAfter) - now) / 1000;
    const within = thresholdsOf(entry, thresholds).filter((threshold) => left <= threshold);
    const threshold = Math.min(...within);
    if (within.length === 0 || alerted.some((told) => told <= threshold)) return [];
    return [{ entry: { ...entry, digest }, threshold }];
  });
  return due.sort((a, b) => (a.entry.notAfter < b.entry.notAfter ? -1 : 1));
}

/** The thresholds that make sense for a certificate's life. */
export function thresholdsOf(
  { notBefore, notAfter }: Pick<InventoryEntry, 'notBefore' | 'notAfter'>,
  thresholds: readonly number[],
): number[] {
  const life = (Date.parse(notAfter) - Date.parse(notBefore)) / 1000;
  if (life <= TOO_SHORT) return [];
  const fitting = thresholds.filter((threshold) => threshold < life);
  return fitting.length === thresholds.length ? fitting : [...fitting, Math.floor(life / 3)];
}

/** When the last of those that take over from one another ends, by what they have in common. */
function latestEnds(entries: readonly InventoryEntry[], now: number): Map<string, string> {
  const latest = new Map<string, string>();
  for (const entry of entries) {
    const name = nameOf(entry);
    if (name === undefined || !isGood(statusOf(entry, now))) continue;
    if ((latest.get(name) ?? '') < entry.notAfter) latest.set(name, entry.notAfter);
  }
  return latest;
}

function isGood(status: CertificateStatus): boolean {
  return status === 'valid' || status === 'not-yet-valid';
}

/** Found certificates of the same name may be for different things; those with a profile are for the same. */
function nameOf({ authority, profile, san, issuer }: InventoryEntry): string | undefined {
  if (authority === undefined || profile === undefined || san === undefined) return undefined;
  return JSON.stringify([authority, profile, san, issuer]);
}
