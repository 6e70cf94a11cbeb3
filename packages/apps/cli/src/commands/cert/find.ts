import { safeJson } from '@signwright/report';
import { SignwrightError } from '@signwright/signing-core';
import { type Appended, appendAllKnown } from '../../certificates/append-known.ts';
import { checkUse, type UseOptions } from '../../certificates/check-use.ts';
import { findInEvidence } from '../../certificates/find-in-evidence.ts';
import { type FoundIn, findInFiles } from '../../certificates/find-in-files.ts';
import { type AskedKey, askKeys, certificatesOfKeys } from '../../certificates/find-keys.ts';
import { findOnToken } from '../../certificates/find-on-token.ts';
import { openInventory } from '../../certificates/open-inventory.ts';
import { type OpenPolicy, openPolicy, type PolicyOptions } from '../../context/open-policy.ts';
import type { Run } from '../../context/run.ts';
import { EXIT } from '../../exit.ts';
import { printLines, printNote } from '../../print-lines.ts';

export type CertFindOptions = PolicyOptions &
  UseOptions & {
    /** `true` for the policy's store. */
    readonly evidence?: string | true;
    readonly path?: readonly string[];
    readonly pkcs11?: readonly string[];
    readonly kms?: true;
    readonly output: 'text' | 'json';
  };

const SHOWN = 20;

/**
 * `signwright cert find`: looks for certificates that others issued, and takes them into the inventory.
 *
 * @returns 3 where a place could not be looked into: what it has is not known.
 */
export async function certFind(options: CertFindOptions, { signal }: Run): Promise<number> {
  const { evidence, path = [], pkcs11 = [], kms } = options;
  if (evidence === undefined && path.length === 0 && pkcs11.length === 0 && !kms)
    throw new SignwrightError('usage', 'nowhere to look', { next: 'say --evidence, --path DIRECTORY, --pkcs11 URI or --kms' });
  const open = await openPolicy(options, new Date());
  const use = checkUse(options, open);
  const { journal } = await openInventory(open);
  const places: FoundIn[] = [];
  if (evidence !== undefined) places.push(await findInEvidence(open, evidence === true ? undefined : evidence, signal));
  if (path.length > 0) places.push(await findInFiles(path, signal));
  for (const uri of pkcs11) places.push(await findOnToken(uri, signal));
  const found = places.flatMap((place) => place.found).map((one) => ({ ...use, ...one }));
  const appended = await appendAllKnown(journal, found);
  const keys = kms ? await findKeys(open, journal, signal) : undefined;
  const unread = [...places.flatMap((place) => place.unread), ...(keys?.asked.flatMap(whyUnasked) ?? [])];
  print(options, appended, keys, unread);
  return unread.length > 0 ? EXIT.inconclusive : EXIT.allow;
}

type FoundKeys = { readonly asked: readonly AskedKey[]; readonly appended: Appended };

async function findKeys(
  open: OpenPolicy,
  journal: Awaited<ReturnType<typeof openInventory>>['journal'],
  signal: AbortSignal,
): Promise<FoundKeys> {
  const asked = await askKeys(open, signal);
  const { inventoryOf } = await import('@signwright/certificates');
  const inventory = inventoryOf((await journal.read()).events);
  return { asked, appended: await appendAllKnown(journal, certificatesOfKeys(inventory, asked)) };
}

function whyUnasked(key: AskedKey): string[] {
  return 'why' in key ? [`the key ${key.reference} of ${key.whose} could not be asked for: ${key.why}`] : [];
}

function print({ output }: CertFindOptions, found: Appended, keys: FoundKeys | undefined, unread: readonly string[]): void {
  if (output === 'json') {
    const asked = keys && { asked: keys.asked.length, ...keys.appended };
    process.stdout.write(safeJson({ version: 1, ...found, ...(asked === undefined ? {} : { keys: asked }), unread }));
    return;
  }
  printLines([
    `${found.added} certificates found that the inventory did not have; ${found.completed} it had, and not from there; ${found.known} known`,
    ...(keys === undefined ? [] : [keysLine(keys)]),
  ]);
  for (const why of unread.slice(0, SHOWN)) printNote(why);
  if (unread.length > SHOWN) printNote(`and ${unread.length - SHOWN} more that could not be read`);
}

function keysLine({ asked, appended }: FoundKeys): string {
  const there = asked.filter((key) => 'key' in key).length;
  return `${there} keys of KMSes and tokens are there; ${appended.completed + appended.known} certificates are of them`;
}
