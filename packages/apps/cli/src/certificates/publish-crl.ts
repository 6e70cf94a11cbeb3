import { mkdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { OwnAuthority } from '@signwright/certificates';
import { writeAtomic } from '@signwright/files';
import { type Crl, messageOf, parseCrl, SignwrightError } from '@signwright/signing-core';
import type { OpenPolicy } from '../context/open-policy.ts';
import { readIfThere } from '../context/read-if-there.ts';
import type { PassphraseOptions } from '../context/signers/passphrase.ts';
import type { OwnDefinition } from './definitions.ts';
import { openAuthority } from './open-authority.ts';
import type { OpenInventory } from './open-inventory.ts';

/** A CRL that lies where a web server finds it. */
export type PublishedCrl = {
  readonly authority: string;
  readonly path: string;
  readonly number: number;
  readonly nextUpdate: string;
  /** Whether it was made now; else it is the last one, which is not due yet. */
  readonly made: boolean;
};

/** Where CRLs are written to. */
export type CrlPlace = PassphraseOptions & { readonly out?: string; readonly ifDue?: true };

const DIRECTORY = join('.signwright', 'crl');
const MAX_CRL = 64 * 1024 * 1024;

/**
 * Makes the CRL of a CA of our own and writes it to a file, in DER, for any web server; one that is not due is only written where the
 * file is another.
 *
 * @throws SignwrightError `verification` where the CRL that is there is of later than the inventory; as the CA's key and the store do.
 */
export async function publishCrl(
  open: OpenPolicy,
  definition: OwnDefinition,
  inventory: OpenInventory,
  place: CrlPlace,
  signal: AbortSignal,
): Promise<PublishedCrl> {
  const { crlDue, inventoryOf, latestCrl, makeCrl } = await import('@signwright/certificates');
  const { id } = definition;
  const now = new Date();
  const before = inventoryOf((await inventory.journal.read()).events);
  const last = before.crls.get(id);
  const path = crlPath(open, definition, place);
  if (place.ifDue && last !== undefined && !crlDue(before, { id }, now)) {
    const der = await latestCrl(inventory, id);
    if (der !== undefined) {
      await write(path, der);
      return { authority: id, path, number: last.number, nextUpdate: last.nextUpdate, made: false };
    }
  }
  const ca = await openAuthority(open, definition, place, signal);
  await refuseForgotten(path, ca, last?.number ?? 0, inventory);
  const { der, number, nextUpdate } = await makeCrl(ca, inventory, now);
  await write(path, der);
  return { authority: id, path, number, nextUpdate: nextUpdate.toISOString(), made: true };
}

/** Where a CRL of this CA is that the inventory knows nothing of, it has lost some of what was revoked too. */
async function refuseForgotten(
  path: string,
  { id, certificate }: OwnAuthority,
  last: number,
  { place }: OpenInventory,
): Promise<void> {
  const there = crlOf(await readIfThere(path, MAX_CRL, 'the CRL').catch(() => undefined));
  if (there?.number === undefined || there.number <= BigInt(last) || !there.isSignedBy(certificate)) return;
  throw new SignwrightError(
    'verification',
    `${path} is CRL ${there.number} of ${id}, and the inventory ${place.reference} knows of ${last} alone`,
    { where: place.reference, next: 'restore the inventory from a backup: without it revoked certificates would be good again' },
  );
}

function crlOf(bytes: Uint8Array | undefined): Crl | undefined {
  try {
    return bytes && parseCrl(bytes);
  } catch {
    return undefined;
  }
}

/** It is called as the address it is published at says. */
function crlPath({ directory }: OpenPolicy, { id, crl }: OwnDefinition, { out }: CrlPlace): string {
  const named = crl === undefined ? '' : basename(new URL(crl).pathname);
  const name = /^[\w-][\w.-]{0,100}$/.test(named) ? named : `${id}.crl`;
  return join(out === undefined ? resolve(directory, DIRECTORY) : resolve(out), name);
}

async function write(path: string, der: Uint8Array): Promise<void> {
  const there = await readIfThere(path, MAX_CRL, 'the CRL').catch(() => undefined);
  if (there !== undefined && Buffer.compare(there, der) === 0) return;
  try {
    await mkdir(join(path, '..'), { recursive: true });
  } catch (cause) {
    throw new SignwrightError('unreachable', `the directory of the CRL cannot be made: ${messageOf(cause)}`, {
      where: path,
      cause,
    });
  }
  await writeAtomic(path, der);
}
