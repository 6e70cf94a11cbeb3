import { safeJson } from '@signwright/report';
import { SignwrightError } from '@signwright/signing-core';
import { certificatesOf, type OwnDefinition, ownAuthorityNamed } from '../../certificates/definitions.ts';
import { openInventory } from '../../certificates/open-inventory.ts';
import { type CrlPlace, crlLine, type PublishedCrl, publishCrl } from '../../certificates/publish-crl.ts';
import { type OpenPolicy, openPolicy, type PolicyOptions } from '../../context/open-policy.ts';
import type { Run } from '../../context/run.ts';
import { EXIT } from '../../exit.ts';
import { printLines } from '../../print-lines.ts';

export type CertCrlOptions = PolicyOptions & CrlPlace & { readonly output: 'text' | 'json'; readonly authority?: string };

/** `signwright cert crl`: makes the CRLs of our own CAs, and writes them to files for any web server. */
export async function certCrl(options: CertCrlOptions, { signal }: Run): Promise<number> {
  const open = await openPolicy(options, new Date());
  const inventory = await openInventory(open);
  const made: PublishedCrl[] = [];
  for (const authority of wantedOf(open, options.authority))
    made.push(await publishCrl(open, authority, inventory, options, signal));
  if (options.output === 'json') process.stdout.write(safeJson({ version: 1, crls: made }));
  else printLines(made.map(crlLine));
  return EXIT.allow;
}

function wantedOf(open: OpenPolicy, id: string | undefined): OwnDefinition[] {
  if (id !== undefined) return [ownAuthorityNamed(open, id)];
  const own = [...certificatesOf(open).authorities.values()].filter((one): one is OwnDefinition => one.type === 'own');
  if (own.length > 0) return own;
  throw new SignwrightError('usage', 'the policy has no CA of its own, so there is no CRL to make', {
    where: certificatesOf(open).where,
    next: 'the CRLs of other CAs are made there',
  });
}
