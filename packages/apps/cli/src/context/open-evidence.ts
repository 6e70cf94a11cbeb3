import { resolve } from 'node:path';
import type { RetainingBlobs } from '@signwright/evidence';
import { type EvidenceBatches, type EvidenceStore, type RetentionEnforcement, SignwrightError } from '@signwright/signing-core';
import { openGitlab } from './open-gitlab.ts';
import type { OpenPolicy } from './open-policy.ts';
import { cannotLock, openStore, type StorePlace, storePlace, whyNoDirectory } from './open-store.ts';

/** Where evidence lies: in a store of blobs, or in a GitLab's package registry. */
export type EvidencePlace = StorePlace | { readonly kind: 'gitlab'; readonly reference: string };

/** An evidence store, with what it can do beside. */
export type OpenEvidence = {
  readonly place: EvidencePlace;
  readonly evidence: EvidenceStore & EvidenceBatches;
  /** What can be looked through, held and pruned; GitLab's packages cannot. */
  readonly blobs?: RetainingBlobs;
  /** Whether the store itself keeps what is retained from being deleted. */
  enforcement(): Promise<RetentionEnforcement>;
};

export type LockMode = 'compliance' | 'governance';

/** Where evidence is: what the user names, else the policy's store, else beside the work. */
export function evidencePlace(open: OpenPolicy | undefined, named: string | undefined): EvidencePlace {
  if (named !== undefined) return namedPlace(named, '--evidence');
  const store = open?.policy.evidence?.store;
  if (open !== undefined && store !== undefined) return placeOf(store, open.directory, 'evidence.store');
  if (open?.evidenceElse !== undefined) return namedPlace(open.evidenceElse, 'the evidence store of this job');
  return { kind: 'directory', reference: resolve('.signwright', 'evidence') };
}

/** A store that the user names; a directory as they see it. `flag` is what they named it with. */
export function namedPlace(reference: string, flag: string): EvidencePlace {
  const place = placeOf(reference, '.', flag);
  return place.kind === 'directory' ? { ...place, reference } : place;
}

function placeOf(reference: string, directory: string, what: string): EvidencePlace {
  return reference.startsWith('gitlab:') ? { kind: 'gitlab', reference } : storePlace(reference, { directory }, what);
}

/** A store to sign into: under the object lock the policy wants. */
export async function openEvidence(place: EvidencePlace, open?: OpenPolicy): Promise<EvidenceStore & EvidenceBatches> {
  return (await openUnder(place, open?.policy.evidence?.lock)).evidence;
}

/** A store to verify from: where there is none, nothing is known, which is not the same as unsigned. */
export async function openExistingEvidence(place: EvidencePlace): Promise<EvidenceStore> {
  const store = await openEvidence(place);
  const why = place.kind === 'directory' ? whyNoDirectory(place.reference) : undefined;
  if (why === undefined) return store;
  return {
    ...store,
    list: async () => {
      throw new SignwrightError('unreachable', why);
    },
  };
}

/**
 * A store to look after. Where it has not the lock that is asked for, it is opened all the same, and says so.
 *
 * @throws SignwrightError `unreachable` where there is no such directory.
 */
export async function openKeptEvidence(place: EvidencePlace, lock: LockMode | undefined): Promise<OpenEvidence> {
  const why = place.kind === 'directory' ? whyNoDirectory(place.reference) : undefined;
  if (why !== undefined) throw new SignwrightError('unreachable', why, { next: 'name another store with --evidence' });
  try {
    return await openUnder(place, lock);
  } catch (error) {
    if (lock === undefined || !(error instanceof SignwrightError) || error.code !== 'configuration') throw error;
    const { message } = error;
    return { ...(await openUnder(place, undefined)), enforcement: async () => ({ enforced: false, why: message }) };
  }
}

/** Opens a store of any kind, under a lock where one is asked for. */
export async function openUnder(place: EvidencePlace, mode: LockMode | undefined): Promise<OpenEvidence> {
  if (place.kind === 'gitlab') {
    if (mode !== undefined) throw cannotLock(place, 'whoever may delete its packages can delete evidence');
    const evidence = await openGitlab(place.reference);
    return { place, evidence, enforcement: () => evidence.enforcement() };
  }
  const { createEvidenceStore, retentionEnforcement } = await import('@signwright/evidence');
  const { blobs, transactions, retaining } = await openStore(place, mode === undefined ? undefined : { mode });
  const together = transactions === undefined ? {} : { transactions };
  const kept = { blobs, ...together, ...(retaining === undefined ? {} : { retaining }) };
  const unasked = place.kind === 's3' && mode === undefined;
  return {
    place,
    evidence: createEvidenceStore(blobs, together),
    blobs: kept,
    enforcement: async () => (unasked ? { enforced: false, why: NO_LOCK_ASKED } : retentionEnforcement(kept)),
  };
}

const NO_LOCK_ASKED = 'the policy asks for no object lock there (evidence.lock)';
