import { type BlobStore, type Retaining, type RetentionEnforcement, SignwrightError } from '@signwright/signing-core';

/** Where evidence is kept, and what can remove and lock there; a store that cannot has no `retaining`. */
export type RetainingBlobs = { readonly blobs: BlobStore; readonly retaining?: Retaining };

const WHY_NOT = 'this store cannot keep anyone from deleting evidence before its time';

/**
 * Tells whether the store itself refuses to delete what is to be kept, for people to be told. Retention is recorded in any case, and
 * heeded by `pruneEvidence`.
 *
 * @throws whatever the store throws as `unreachable`.
 */
export async function retentionEnforcement({ retaining }: RetainingBlobs): Promise<RetentionEnforcement> {
  let why = WHY_NOT;
  for (const enforced of retaining === undefined ? [] : (['compliance', 'governance'] as const)) {
    try {
      await retaining?.checkLock(enforced);
      return { enforced };
    } catch (error) {
      if (!(error instanceof SignwrightError) || error.code !== 'configuration') throw error;
      why = error.message;
    }
  }
  return { enforced: false, why };
}
