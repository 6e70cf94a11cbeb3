import { type Anchor, checkAnchor, loadPolicy, signatureOf } from '@signwright/policy';
import {
  type EvidenceStore,
  kindOf,
  parseTrustRoot,
  readSnapshot,
  type Sha256,
  SignwrightError,
  snapshotReader,
} from '@signwright/signing-core';
import type { OpenPolicy } from '../../context/open-policy.ts';

/** A snapshot that was found, and the digest of the policy it says it makes; what is none is there with the reason. */
export type FoundSnapshot =
  | { readonly id: Sha256; readonly digest: Sha256 }
  | { readonly id: Sha256; readonly problem: SignwrightError };

/** The policy snapshots among the evidence about these artifacts, and those listed under `policies`; sorted by id. */
export async function findSnapshots(
  store: EvidenceStore,
  artifacts: readonly Sha256[],
  policies: readonly Sha256[],
): Promise<readonly FoundSnapshot[]> {
  const { gatherEvidence } = await import('@signwright/evidence');
  const found: FoundSnapshot[] = [];
  for (const { id } of await gatherEvidence(store, [...artifacts, ...policies])) {
    const bytes = await store.get(id);
    if (kindOf(bytes) === 'policy-snapshot') found.push(snapshotOf(id, bytes));
  }
  return found;
}

function snapshotOf(id: Sha256, bytes: Uint8Array): FoundSnapshot {
  try {
    return { id, digest: readSnapshot(bytes).digest };
  } catch (problem) {
    if (problem instanceof SignwrightError) return { id, problem };
    throw problem;
  }
}

/**
 * Loads the policy a snapshot was made of, with its trust root, from nothing else. It vouches for nothing: an anchor does.
 *
 * @param place the archive or store it is in; messages name the policy's files as lying below it.
 * @throws SignwrightError `verification` where it makes another policy than it says; as `loadPolicy` and `checkAnchor`.
 */
export async function openSnapshot(
  store: EvidenceStore,
  id: Sha256,
  place: string,
  anchor: Anchor | undefined,
): Promise<OpenPolicy> {
  const bytes = await store.get(id);
  const snapshot = readSnapshot(bytes);
  const file = `${place}/${snapshot.file}`;
  const policy = await loadPolicy(file, snapshotReader(snapshot), { now: new Date() });
  if (policy.digest !== snapshot.digest) {
    throw new SignwrightError(
      'verification',
      `the policy snapshot ${id} says it is the policy ${snapshot.digest}, and makes ${policy.digest}`,
      { where: place, next: 'do not rely on it; bring the policy with --policy FILE' },
    );
  }
  const root = policy.trust?.root;
  const trustRoot = root ? parseTrustRoot(root.root, root.issuers, `${place}/${root.path}`) : undefined;
  // What was newest then is not remembered: an archive is old, and the anchor says how old it may be.
  const signature = snapshot.files.get(signatureOf(snapshot.file));
  if (anchor !== undefined) await checkAnchor(policy, { trustRoot, signature }, anchor);
  return { policy, file, directory: '.', trustRoot, anchored: anchor !== undefined, offline: true, snapshot: () => bytes };
}
