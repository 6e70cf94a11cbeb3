import { hostname } from 'node:os';
import type { Inventory, InventoryEntry } from '@signwright/certificates';
import type { CertificateProfile } from '@signwright/policy';
import { type Certificate, parseCertificate, parseKeyReference, type Sha256, SignwrightError } from '@signwright/signing-core';
import { certificatesOf } from './definitions.ts';
import { hasNextKey, readHeld, writeHeld } from './held.ts';
import { heldDirectories, heldDirectoryOf } from './held-directories.ts';
import { issueAndHold, proveJob } from './issue-to-job.ts';
import type { OpenDesk } from './open-desk.ts';

/** A certificate that may be due. Times are milliseconds since 1970 UTC. */
export type Renewable = {
  readonly profile: CertificateProfile;
  readonly directory: string;
  readonly digest: Sha256;
  readonly notBefore: number;
  readonly notAfter: number;
  /** The reference of its key, where that is no file beside it. */
  readonly key?: string;
  /** Whether the inventory alone says so: nothing of it is held here. */
  readonly listed?: true;
};

/** What came of one that was due. */
export type Renewal = { readonly one: Renewable } & (
  | { readonly status: 'renewed'; readonly until: string }
  /** Somebody else renews it, or did. */
  | { readonly status: 'left'; readonly why: string }
  /** A person has to show a proof. */
  | { readonly status: 'person' }
  | { readonly status: 'failed'; readonly error: SignwrightError }
);

const CLAIMED_MS = 10 * 60 * 1000;

/** Whether two thirds of its life are over. */
export function isDue({ notBefore, notAfter }: Pick<Renewable, 'notBefore' | 'notAfter'>, now: number): boolean {
  return now >= notBefore + ((notAfter - notBefore) * 2) / 3;
}

/**
 * What is held here, and what the inventory has of keys that are elsewhere and is held nowhere here.
 *
 * @param wanted the profile to look at; all unless told.
 */
export async function renewables({ open }: OpenDesk, inventory: Inventory, wanted: string | undefined): Promise<Renewable[]> {
  const { profiles } = certificatesOf(open);
  const held: Renewable[] = [];
  for (const { directory, profile: id } of await heldDirectories(open)) {
    const profile = profiles.get(id);
    if (profile === undefined) continue;
    const { leaf, key } = await readHeld(directory, `signwright cert issue --profile ${id}`);
    held.push({ profile, directory, ...lifeOf(leaf), ...('reference' in key ? { key: key.reference } : {}) });
  }
  const here = new Set(held.map(({ profile }) => profile.id));
  const elsewhere = inventory.entries.flatMap((entry) => {
    const profile = profiles.get(entry.profile ?? '');
    if (profile === undefined || here.has(profile.id) || !isElsewhere(entry)) return [];
    const { digest, keyReference: key, notBefore, notAfter } = entry;
    const life = { notBefore: Date.parse(notBefore), notAfter: Date.parse(notAfter) };
    return [{ profile, directory: heldDirectoryOf(open, profile.id), digest, ...life, key, listed: true as const }];
  });
  return [...held, ...elsewhere].filter(({ profile }) => wanted === undefined || profile.id === wanted);
}

function lifeOf({ fingerprint, notBefore, notAfter }: Certificate): Pick<Renewable, 'digest' | 'notBefore' | 'notAfter'> {
  return { digest: `sha256:${fingerprint}`, notBefore, notAfter };
}

/** One of a key in a KMS, an HSM or a Vault, which lives and which nothing took over from. */
function isElsewhere(
  entry: InventoryEntry,
): entry is InventoryEntry & { readonly digest: Sha256; readonly keyReference: string } {
  const { digest, keyReference, revoked, renewedBy, notAfter } = entry;
  return (
    digest !== undefined &&
    keyReference !== undefined &&
    /^[a-z0-9]+:/.test(keyReference) &&
    revoked === undefined &&
    renewedBy === undefined &&
    Date.parse(notAfter) > Date.now()
  );
}

/**
 * Renews one that is due: claimed, so that nobody else does → the job's identity proved anew → issued → held in place of the old.
 * Where a run was cut off after it was issued, what was issued is taken up.
 *
 * @throws SignwrightError as whoever is asked does.
 */
export async function renew(one: Renewable, desk: OpenDesk): Promise<Renewal> {
  if (one.profile.workloads.length === 0) return { one, status: 'person' };
  if (one.listed && one.key !== undefined) refuseLeading(one.key, desk);
  const { claimRenewal, inventoryOf } = await import('@signwright/certificates');
  const { inventory, job } = desk;
  const known = inventoryOf((await inventory.journal.read()).events);
  const taken = await takeUp(one, known, desk);
  if (taken !== undefined) return { one, status: 'renewed', until: taken };
  const entry = known.byDigest(one.digest);
  const orphaned = entry?.renewedBy !== undefined;
  const proof = await proveJob(one.profile, undefined, desk);
  if (!orphaned) {
    const now = new Date();
    const by = job?.url ?? hostname();
    const claim = await claimRenewal(inventory, one.digest, by, new Date(now.getTime() + CLAIMED_MS), now);
    if (!claim.claimed) return { one, status: 'left', why: claim.why };
  }
  const { profile, directory, key, digest } = one;
  const issued = await issueAndHold(
    { profile, proof, directory, ...(key === undefined ? {} : { key }), ...(orphaned ? {} : { renews: digest }) },
    desk,
  );
  const { notAfter } = parseCertificate(issued.chain[0] as Uint8Array);
  return { one, status: 'renewed', until: new Date(notAfter).toISOString() };
}

/** Whoever may write to the inventory says neither which library this job loads nor where its token is shown. */
function refuseLeading(key: string, { inventory }: OpenDesk): void {
  const reference = parseKeyReference(key);
  const part =
    reference.scheme === 'pkcs11' && (reference.modulePath !== undefined || reference.pinSource !== undefined)
      ? 'a library or a file'
      : reference.scheme === 'hashivault' && reference.address !== undefined
        ? 'the address of a Vault'
        : undefined;
  if (part === undefined) return;
  throw new SignwrightError(
    'denied',
    `the key reference in the inventory names ${part}, which is for this machine to say: ${key}`,
    {
      where: inventory.place.reference,
      next: 'issue it here if that is right, and it is renewed here from then on: signwright cert issue --profile PROFILE --key REFERENCE',
    },
  );
}

/** A certificate that took over from it already, and was not written here before the run was cut off; its key is here. */
async function takeUp(one: Renewable, known: Inventory, { inventory, open }: OpenDesk): Promise<string | undefined> {
  const next = known.byDigest(one.digest)?.renewedBy;
  if (next === undefined) return undefined;
  const { readDer } = await import('@signwright/certificates');
  const leaf = parseCertificate(await readDer(inventory.blobs, next));
  const entry = known.byDigest(next);
  const same = one.key !== undefined && entry?.keyReference === one.key;
  if (!(same || hasNextKey(one.directory, leaf)) || entry?.revoked || leaf.notAfter < Date.now()) return undefined;
  const issuing = open.trustRoot?.certificateAuthorities.find(({ chain }) => chain[0].subject.equals(leaf.issuer));
  const chain = [leaf.der, ...(issuing?.chain ?? []).map(({ der }) => der)];
  await writeHeld(one.directory, chain, same ? one.key : undefined);
  return new Date(leaf.notAfter).toISOString();
}
