import type { Sha256 } from '@signwright/signing-core';
import { type CertificateStatus, type Inventory, type InventoryEntry, statusOf } from './inventory.ts';

/** What the audit log says of a certificate's use. */
export type CertificateUsage = {
  /** Signatures of which the log has results. */
  readonly signatures: number;
  /** Intents without a result: a signature may exist. */
  readonly unaccounted: number;
  readonly last: {
    /** By the writer's own clock, ISO 8601. */
    readonly at: string;
    readonly request: Sha256;
    /** The repository, or else the build, as the certificate or else the run itself says. */
    readonly pipeline?: string;
    readonly job?: string;
  };
};

/** What is wrong with how a certificate is kept. */
export const FINDINGS = ['no-owner', 'no-purpose'] as const;
export type InventoryFinding = (typeof FINDINGS)[number];

/** A certificate as it is listed. */
export type ListedCertificate = InventoryEntry & {
  readonly status: CertificateStatus;
  readonly findings: readonly InventoryFinding[];
  /** Absent where the log names it nowhere, or could not be read. */
  readonly usage?: CertificateUsage;
};

/** Which certificates are listed; all of these must hold. */
export type ListQuery = {
  readonly status?: readonly CertificateStatus[];
  /** Valid ones that end within so many seconds. */
  readonly expiresWithin?: number;
  readonly profile?: string;
  readonly owner?: string;
  readonly authority?: string;
  /** Where it may sign for: it names the environment, or none at all. */
  readonly environment?: string;
  /** What it lacks, all of it. */
  readonly without?: readonly ('owner' | 'purpose')[];
};

/**
 * The certificates that a query is for, those that end first before the others.
 *
 * @param now milliseconds since 1970 UTC.
 */
export function listCertificates(
  { entries }: Inventory,
  query: ListQuery,
  now: number,
  usage: ReadonlyMap<Sha256, CertificateUsage> = new Map(),
): ListedCertificate[] {
  const listed = entries.map((entry) => listedOf(entry, now, usage)).filter((one) => isAskedFor(one, query, now));
  return listed.sort((a, b) => compare(a.notAfter, b.notAfter) || compare(a.serial, b.serial));
}

/** One of them. */
export function listedOf(
  entry: InventoryEntry,
  now: number,
  usage: ReadonlyMap<Sha256, CertificateUsage> = new Map(),
): ListedCertificate {
  const used = entry.digest && usage.get(entry.digest);
  const findings: InventoryFinding[] = [];
  if (!entry.owner) findings.push('no-owner');
  if (!entry.purpose) findings.push('no-purpose');
  return { ...entry, status: statusOf(entry, now), findings, ...(used === undefined ? {} : { usage: used }) };
}

function isAskedFor(one: ListedCertificate, query: ListQuery, now: number): boolean {
  const { status, expiresWithin, profile, owner, authority, environment, without = [] } = query;
  const ends = expiresWithin === undefined || (one.status === 'valid' && Date.parse(one.notAfter) <= now + expiresWithin * 1000);
  return (
    ends &&
    (status === undefined || status.includes(one.status)) &&
    (profile === undefined || one.profile === profile) &&
    (owner === undefined || one.owner === owner) &&
    (authority === undefined || one.authority === authority) &&
    (environment === undefined || (one.environments?.includes(environment) ?? true)) &&
    without.every((what) => one.findings.includes(`no-${what}`))
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
