import { safeJson } from '@signwright/report';
import { SignwrightError } from '@signwright/signing-core';
import { certificatesOf, type OwnDefinition, ownAuthorityNamed } from '../../certificates/definitions.ts';
import { openInventory } from '../../certificates/open-inventory.ts';
import { type CrlPlace, crlLine, type PublishedCrl, publishCrl, publishRootCrl } from '../../certificates/publish-crl.ts';
import { type OpenPolicy, openPolicy, type PolicyOptions } from '../../context/open-policy.ts';
import type { Run } from '../../context/run.ts';
import { EXIT } from '../../exit.ts';
import { printLines } from '../../print-lines.ts';

export type CertCrlOptions = PolicyOptions &
  CrlPlace & {
    readonly output: 'text' | 'json';
    readonly authority?: string;
    readonly rootKey?: string;
    /** Seconds; with `rootKey`. */
    readonly lifetime?: number;
  };

/** A root's key is not taken out every week. */
const ROOT_LIFETIME = 90 * 24 * 60 * 60;

/** `signwright cert crl`: makes the CRLs of our own CAs, or of a root, and writes them to files for any web server. */
export async function certCrl(options: CertCrlOptions, { signal }: Run): Promise<number> {
  const open = await openPolicy(options, new Date());
  const inventory = await openInventory(open);
  const made: PublishedCrl[] = [];
  const { rootKey, lifetime } = options;
  if (rootKey !== undefined)
    made.push(await publishRootCrl(open, { rootKey, lifetime: lifetime ?? ROOT_LIFETIME }, inventory, options, signal));
  else if (lifetime !== undefined) throw lifetimeOfPolicy();
  else
    for (const authority of wantedOf(open, options.authority))
      made.push(await publishCrl(open, authority, inventory, options, signal));
  if (options.output === 'json') process.stdout.write(safeJson({ version: 1, crls: made }));
  else printLines(made.map(crlLine));
  return EXIT.allow;
}

function lifetimeOfPolicy(): SignwrightError {
  return new SignwrightError('usage', '--lifetime goes with --root-key', {
    next: 'how long the CRL of a CA counts is in the policy: crl-lifetime',
  });
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
