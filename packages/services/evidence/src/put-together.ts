import type { EvidenceBatches, EvidenceItem, EvidenceStore, Sha256 } from '@signwright/signing-core';

/**
 * Puts several pieces of evidence at the least cost the store has: in one push of a git branch, in one listing of a package registry;
 * else one after another. Where it throws, some of them may be there; putting them again completes it.
 *
 * @returns their ids, in order.
 */
export async function putTogether(
  store: EvidenceStore & Partial<EvidenceBatches>,
  items: readonly EvidenceItem[],
): Promise<readonly Sha256[]> {
  if (store.putAll !== undefined) return store.putAll(items);
  const ids: Sha256[] = [];
  for (const { evidence, subjects, retainUntil } of items) ids.push(await store.put(evidence, subjects, retainUntil));
  return ids;
}
