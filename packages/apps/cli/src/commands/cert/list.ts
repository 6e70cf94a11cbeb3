import type { ListQuery } from '@signwright/certificates';
import { certificatesIn, noteUsage, openListing, type UsageOptions } from '../../certificates/open-listing.ts';
import { type ExportFormat, exportPieces, findingsIn, listingTable, printPieces } from '../../certificates/write-listing.ts';
import type { PolicyOptions } from '../../context/open-policy.ts';
import type { Run } from '../../context/run.ts';
import { EXIT } from '../../exit.ts';
import { printNote } from '../../print-lines.ts';

export type CertListOptions = PolicyOptions &
  ListQuery &
  UsageOptions & {
    readonly output: 'text' | 'json';
    readonly export?: ExportFormat;
    readonly failOnFindings?: true;
  };

/** `signwright cert list`: every certificate that is known, with whose it is, what for, and who used it last. */
export async function certList(options: CertListOptions, run: Run): Promise<number> {
  const listing = await openListing(options, run);
  const listed = await certificatesIn(listing, queryOf(options));
  const format = options.export ?? (options.output === 'json' ? 'json' : undefined);
  if (format !== undefined) await printPieces(await exportPieces(listing, listed, format));
  else await printPieces([listed.length === 0 ? 'none\n' : listingTable(listed)]);
  const findings = findingsIn(listed);
  if (findings > 0) printNote(`${findings} of ${listed.length} have no owner or no purpose (cert list --without owner)`);
  const unknown = noteUsage(listing, options);
  return findings > 0 && options.failOnFindings ? EXIT.deny : unknown;
}

/** The filters as the inventory takes them. */
export function queryOf(options: ListQuery): ListQuery {
  const { status, expiresWithin, profile, owner, authority, environment, without } = options;
  const query = { status, expiresWithin, profile, owner, authority, environment, without };
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)) as ListQuery;
}
