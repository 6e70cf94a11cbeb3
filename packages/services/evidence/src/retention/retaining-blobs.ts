import {
  type BlobStore,
  type Retaining,
  type RetentionEnforcement,
  SignwrightError,
  type Transactions,
} from '@signwright/signing-core';

/**
 * Where evidence is kept, with what removes and locks there, and what makes several writes one; a store that cannot do these has no
 * `retaining`, no `transactions`.
 */
export type RetainingBlobs = {
  readonly blobs: BlobStore;
  readonly retaining?: Retaining;
  readonly transactions?: Transactions;
};

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
