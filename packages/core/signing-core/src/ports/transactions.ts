import type { BlobStore } from './blob-store.ts';

/** A store whose writes can take effect together, as one commit of a git branch does. */
export interface Transactions {
  /**
   * Runs `work` on a view of the store; its writes become durable and visible together when this returns, and none of them where it
   * throws. Where someone else was first, `work` is run again on the new state: it must have no other effects than its writes.
   */
  transact<T>(work: (blobs: BlobStore) => Promise<T>): Promise<T>;
}
