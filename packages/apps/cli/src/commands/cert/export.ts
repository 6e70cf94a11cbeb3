import type { ListQuery } from '@signwright/certificates';
import { writeAtomic } from '@signwright/files';
import { certificatesIn, noteUsage, openListing, type UsageOptions } from '../../certificates/open-listing.ts';
import { type ExportFormat, exportPieces, printPieces } from '../../certificates/write-listing.ts';
import type { PolicyOptions } from '../../context/open-policy.ts';
import type { Run } from '../../context/run.ts';
import { printNote } from '../../print-lines.ts';
import { queryOf } from './list.ts';

export type CertExportOptions = PolicyOptions &
  ListQuery &
  UsageOptions & { readonly format: ExportFormat; readonly out?: string };

/** `signwright cert export`: the inventory for other systems; a file is replaced as a whole. */
export async function certExport(options: CertExportOptions, run: Run): Promise<number> {
  const listing = await openListing(options, run);
  const listed = await certificatesIn(listing, queryOf(options));
  const pieces = await exportPieces(listing, listed, options.format);
  if (options.out === undefined) await printPieces(pieces);
  else {
    await writeAtomic(options.out, pieces);
    printNote(`${listed.length} certificates written to ${options.out}`);
  }
  return noteUsage(listing, options);
}
