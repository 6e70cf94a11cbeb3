import { appendAllKnown } from '../../certificates/append-known.ts';
import { checkUse, type UseOptions } from '../../certificates/check-use.ts';
import { openInventory } from '../../certificates/open-inventory.ts';
import { type ImportFormat, readImports } from '../../certificates/read-imports.ts';
import { openPolicy, type PolicyOptions } from '../../context/open-policy.ts';
import { EXIT } from '../../exit.ts';
import { printLines } from '../../print-lines.ts';

export type CertImportOptions = PolicyOptions & UseOptions & { readonly format?: ImportFormat };

/** `signwright cert import FILE…`: takes certificates into the inventory that others issued; all of them, or none. */
export async function certImport(files: string[], options: CertImportOptions): Promise<number> {
  const open = await openPolicy(options, new Date());
  const use = checkUse(options, open);
  const { journal, place } = await openInventory(open);
  const { certificates, reserved } = await readImports(files, options.format);
  const found = certificates.map(({ facts, use: own }) => ({ facts, found: 'import' as const, ...use, ...own }));
  const { added, completed, known } = await appendAllKnown(journal, found, certificates);
  const repeated = certificates.length - new Set(certificates.map(({ facts }) => facts.digest)).size;
  printLines([
    `${added} certificates taken into ${place.reference}`,
    ...(completed > 0 ? [`${completed} were known, and more is said of them now`] : []),
    ...(known > 0 ? [`${known} were known already`] : []),
    ...(repeated > 0 ? [`${repeated} are in the files more than once, and were taken once`] : []),
    ...(reserved > 0 ? [`${reserved} rows have no certificate, only a serial number that was taken: they were passed over`] : []),
  ]);
  return EXIT.allow;
}
