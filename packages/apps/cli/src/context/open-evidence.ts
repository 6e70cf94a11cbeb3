import { resolve } from 'node:path';
import { type EvidenceBatches, type EvidenceStore, SignwrightError } from '@signwright/signing-core';
import type { OpenPolicy } from './open-policy.ts';
import { openStore, type StorePlace, storePlace, whyNoDirectory } from './open-store.ts';

/** Where evidence is: what the user names, else the policy's store, else beside the work. */
export function evidencePlace(open: OpenPolicy, named: string | undefined): StorePlace {
  if (named !== undefined) {
    const place = storePlace(named, open, '--evidence');
    return place.kind === 'directory' ? { ...place, reference: named } : place;
  }
  const { evidence } = open.policy;
  if (evidence) return storePlace(evidence.store, open, 'evidence.store');
  return { kind: 'directory', reference: resolve('.signwright', 'evidence') };
}

/** A store to sign into: under the object lock the policy wants. */
export async function openEvidence(place: StorePlace, open?: OpenPolicy): Promise<EvidenceStore & EvidenceBatches> {
  const { createEvidenceStore } = await import('@signwright/evidence');
  const lock = open?.policy.evidence?.lock;
  const { blobs, transactions } = await openStore(place, lock ? { mode: lock } : undefined);
  return createEvidenceStore(blobs, transactions ? { transactions } : {});
}

/** A store to verify from: where there is none, nothing is known, which is not the same as unsigned. */
export async function openExistingEvidence(place: StorePlace): Promise<EvidenceStore> {
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
