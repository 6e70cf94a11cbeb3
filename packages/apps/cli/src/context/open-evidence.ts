import { resolve } from 'node:path';
import { createEvidenceStore } from '@signwright/evidence';
import {
  type EvidenceStore,
  type EvidenceTrust,
  messageOf,
  type Refusal,
  type Sha256,
  SignwrightError,
  type Verified,
  verifyEvidence,
} from '@signwright/signing-core';
import { createDirectoryStore } from '@signwright/storage';
import type { OpenPolicy } from './open-policy.ts';

/** Where evidence is: what the user names, else the policy's store, else beside the work. */
export function evidenceDirectory(open: OpenPolicy, named: string | undefined): string {
  if (named !== undefined) {
    if (/^[a-z0-9+.-]+:\/\//i.test(named)) {
      throw new SignwrightError(
        'not-enforced-yet',
        `--evidence ${named.split('//')[0]}//… names a store this version does not have`,
        { next: 'name a directory' },
      );
    }
    return named;
  }
  return open.policy.evidence ? resolve(open.directory, open.policy.evidence.store) : resolve('.signwright', 'evidence');
}

export function openEvidence(directory: string): EvidenceStore {
  return createEvidenceStore(createDirectoryStore(directory));
}

/** All the evidence about some artifacts, verified; by artifact. */
export type CollectedEvidence = {
  verified(digest: Sha256): readonly Verified[];
  refused(digest: Sha256): readonly Refusal[];
  /** Why evidence could not be read, where it could not. */
  readonly unreachable?: string;
};

/** Reads and verifies what the store lists for these digests; each piece once, however many artifacts it is about. */
export async function collectEvidence(
  store: EvidenceStore,
  digests: readonly Sha256[],
  trust: EvidenceTrust,
): Promise<CollectedEvidence> {
  const results = new Map<Sha256, Verified | Refusal>();
  let listed: ReadonlyMap<Sha256, readonly Sha256[]>;
  try {
    listed = await store.list(digests);
    for (const id of new Set([...listed.values()].flat())) results.set(id, await verifyEvidence(id, await store.get(id), trust));
  } catch (error) {
    if (!(error instanceof SignwrightError) || error.code !== 'unreachable') throw error;
    return { verified: () => [], refused: () => [], unreachable: `the evidence cannot be read: ${messageOf(error)}` };
  }
  const about = (digest: Sha256): (Verified | Refusal)[] => (listed.get(digest) ?? []).flatMap((id) => results.get(id) ?? []);
  return {
    verified: (digest) => about(digest).filter((one): one is Verified => !('code' in one)),
    refused: (digest) => about(digest).filter((one): one is Refusal => 'code' in one),
  };
}
