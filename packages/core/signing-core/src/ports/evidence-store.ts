import type { Sha256 } from '../formats/digest.ts';

/** Evidence (bundles and what verdicts rest on) by its own digest, found by the artifacts it is about. Never trusted: what it
 * returns is verified. */
export interface EvidenceStore {
  /**
   * Stores evidence and lists it under each subject; durable when it returns. Putting the same bytes again is no error.
   * @param retainUntil it is to be kept until then at the least; of several times asked the latest holds. Whether anything keeps
   * others from deleting it before is the store's to say.
   * @returns the evidence's digest, its id.
   * @throws SignwrightError `unreachable` where it cannot be written: it may then be listed under some of its subjects, never without
   * its bytes. Putting it again completes it.
   */
  put(evidence: Uint8Array, subjects: readonly Sha256[], retainUntil?: Date): Promise<Sha256>;
  /** @returns the ids listed under each subject that has any. Throws `unreachable` where the store cannot tell. */
  list(subjects: readonly Sha256[]): Promise<ReadonlyMap<Sha256, readonly Sha256[]>>;
  /** @returns bytes that have this digest. Throws `unreachable` where they are missing or are not these bytes. */
  get(id: Sha256): Promise<Uint8Array>;
}

/** One piece of evidence to put: as the arguments of {@link EvidenceStore.put}. */
export type EvidenceItem = {
  readonly evidence: Uint8Array;
  readonly subjects: readonly Sha256[];
  readonly retainUntil?: Date;
};

/** An evidence store that writes several pieces at less cost than one after another: in one push of a branch, in one listing. */
export interface EvidenceBatches {
  /** As `put` of each, in order. @returns their ids, in order. */
  putAll(items: readonly EvidenceItem[]): Promise<readonly Sha256[]>;
}

/** Whether a store itself keeps anyone from deleting evidence before its time: all of them, all but a few, or nobody and why not. */
export type RetentionEnforcement =
  | { readonly enforced: 'compliance' | 'governance' }
  | { readonly enforced: false; readonly why: string };
