import type { Inventory, InventoryEntry } from '@signwright/certificates';
import { type Certificate, parseCertificate, type Sha256, SignwrightError } from '@signwright/signing-core';
import type { OpenPolicy } from '../context/open-policy.ts';
import { certificatesOf } from './definitions.ts';
import type { OpenInventory } from './open-inventory.ts';

/** As much of an entry as tells which CA a certificate is of. */
type Named = Pick<InventoryEntry, 'authority' | 'serial' | 'digest'>;

/**
 * Names the CA of ours that certificates are of which nobody reserved a number for: who stole its key issued them, and they came in as
 * another's. Those of others stay as they are.
 */
export async function nameOwnIssued<T extends Named>(
  open: OpenPolicy,
  entries: readonly T[],
  known: Inventory,
  { blobs }: OpenInventory,
): Promise<readonly T[]> {
  if (entries.every(({ authority }) => authority !== undefined)) return entries;
  const { readDer } = await import('@signwright/certificates');
  const issuers = (open.trustRoot?.certificateAuthorities ?? []).map(({ chain }) => chain[0]);
  const issuerOf = async (digest: Sha256 | undefined): Promise<Certificate | undefined> => {
    const der = digest === undefined ? undefined : await readDer(blobs, digest).catch(onlyMissing);
    if (der === undefined) return undefined;
    const certificate = parseCertificate(der);
    return issuers.find(
      ({ subject }, at) => subject.equals(certificate.issuer) && certificate.isSignedBy(issuers[at] as Certificate),
    );
  };
  const own = new Map<string, string>();
  for (const { id, type } of certificatesOf(open).authorities.values()) {
    const one = known.entries.find(({ authority, digest }) => authority === id && digest !== undefined);
    const issuer = type === 'own' ? await issuerOf(one?.digest) : undefined;
    if (issuer !== undefined) own.set(issuer.fingerprint, id);
  }
  const named: T[] = [];
  for (const entry of entries) {
    const issuer = entry.authority === undefined ? await issuerOf(entry.digest) : undefined;
    const authority = issuer && own.get(issuer.fingerprint);
    named.push(authority === undefined ? entry : { ...entry, authority });
  }
  return named;
}

/** Of what a list told, there need not be a certificate. */
function onlyMissing(error: unknown): undefined {
  if (!(error instanceof SignwrightError) || error.code !== 'verification') throw error;
}
