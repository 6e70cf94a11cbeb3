import { mkdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { MadeCrl } from '@signwright/certificates';
import { writeAtomic } from '@signwright/files';
import { type Certificate, type Crl, messageOf, parseCrl, revocationPlaces, SignwrightError } from '@signwright/signing-core';
import type { OpenPolicy } from '../context/open-policy.ts';
import { readIfThere } from '../context/read-if-there.ts';
import type { PassphraseOptions } from '../context/signers/passphrase.ts';
import { isRoot, type OwnDefinition } from './definitions.ts';
import { openAuthority } from './open-authority.ts';
import type { OpenInventory } from './open-inventory.ts';
import { openRoot } from './open-root.ts';

/** A CRL that lies where a web server finds it. */
export type PublishedCrl = {
  readonly authority: string;
  readonly path: string;
  /** Where the policy says that it is to be found. */
  readonly address?: string;
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
  const { makeCrl } = await import('@signwright/certificates');
  const { id, crl } = definition;
  const make: Due['make'] = async (now, check) => {
    const ca = await openAuthority(open, definition, place, signal);
    await check(ca.certificate);
    return makeCrl(ca, inventory, now);
  };
  return publish({ id, path: crlPath(open, place, crl, id), address: crl, make }, inventory, place);
}

/** Which root, by its key, and how many seconds its CRL counts. */
export type RootCrl = { readonly rootKey: string; readonly lifetime: number };

/**
 * Makes the CRL of a root of ours, of intermediates, as {@link publishCrl}.
 *
 * @throws SignwrightError as the root's key and the store do.
 */
export async function publishRootCrl(
  open: OpenPolicy,
  { rootKey, lifetime }: RootCrl,
  inventory: OpenInventory,
  place: CrlPlace,
  signal: AbortSignal,
): Promise<PublishedCrl> {
  const { makeRootCrl, rootOf } = await import('@signwright/certificates');
  const { signer, certificate, authorities } = await openRoot(open, rootKey, place, signal);
  const [crl] = authorities.flatMap(({ chain }) => revocationPlaces(chain[0]).crls);
  const id = rootOf(certificate);
  const make: Due['make'] = async (now, check) => {
    await check(certificate);
    return makeRootCrl({ signer, certificate, crlLifetime: lifetime }, inventory, now);
  };
  return publish({ id, path: crlPath(open, place, crl, id.replace('/', '-')), address: crl, make }, inventory, place);
}

/** The command that makes the CRL of a CA of ours, or of a root by its name. */
export function crlCommand(authority: string): string {
  return isRoot(authority) ? 'signwright cert crl --root-key FILE' : `signwright cert crl --authority ${authority}`;
}

type Due = {
  readonly id: string;
  readonly path: string;
  readonly address: string | undefined;
  /** @param check of the CA's certificate, before anything is signed. */
  make(now: Date, check: (ca: Certificate) => Promise<void>): Promise<MadeCrl>;
};

async function publish({ id, path, address, make }: Due, inventory: OpenInventory, { ifDue }: CrlPlace): Promise<PublishedCrl> {
  const { crlDue, inventoryOf, latestCrl } = await import('@signwright/certificates');
  const now = new Date();
  const before = inventoryOf((await inventory.journal.read()).events);
  const last = before.crls.get(id);
  const at = { authority: id, path, ...(address === undefined ? {} : { address }) };
  if (ifDue && last !== undefined && !crlDue(before, { id }, now)) {
    const der = await latestCrl(inventory, id);
    if (der !== undefined) {
      await write(path, der);
      return { ...at, number: last.number, nextUpdate: last.nextUpdate, made: false };
    }
  }
  const { der, number, nextUpdate } = await make(now, (ca) => refuseForgotten({ id, path }, ca, last?.number ?? 0, inventory));
  await write(path, der);
  return { ...at, number, nextUpdate: nextUpdate.toISOString(), made: true };
}

/** Where a CRL of this CA is that the inventory knows nothing of, it has lost some of what was revoked too. */
async function refuseForgotten(
  { id, path }: Pick<Due, 'id' | 'path'>,
  certificate: Certificate,
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
function crlPath({ directory }: OpenPolicy, { out }: CrlPlace, address: string | undefined, id: string): string {
  const named = address === undefined ? '' : basename(new URL(address).pathname);
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

/** What is said of a CRL. */
export function crlLine({ authority, path, address, number, nextUpdate, made }: PublishedCrl): string {
  const published = address === undefined ? '' : `; it is to lie at ${address}`;
  return `${authority}: CRL ${number} until ${nextUpdate}: ${path}${made ? published : ' (not due)'}`;
}
