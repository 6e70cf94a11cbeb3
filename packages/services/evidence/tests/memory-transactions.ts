import type { BlobStore, Transactions } from '@signwright/signing-core';
import { createMemoryBlobStore } from '@signwright/testkit';

/** A store in memory whose writes take effect together, for tests; counts the transactions that did. */
export function memoryTransactions(): Transactions & { readonly blobs: BlobStore; committed(): number } {
  const blobs = createMemoryBlobStore();
  let committed = 0;
  let last: Promise<unknown> = Promise.resolve();
  return {
    blobs,
    committed: () => committed,
    transact<T>(work: (view: BlobStore) => Promise<T>): Promise<T> {
      const run = async (): Promise<T> => {
        const writes: (() => Promise<unknown>)[] = [];
        const staged = new Map<string, Uint8Array>();
        const get: BlobStore['get'] = async (key) => {
          const bytes = staged.get(key);
          return bytes === undefined ? blobs.get(key) : { bytes, version: `staged ${key}` };
        };
        const result = await work({
          get,
          async putIfAbsent(key, bytes) {
            if ((await get(key)) !== undefined) return false;
            staged.set(key, bytes);
            writes.push(() => blobs.putIfAbsent(key, bytes));
            return true;
          },
          async compareAndSwap(key, expected, bytes) {
            if ((await get(key))?.version !== expected) return undefined;
            staged.set(key, bytes);
            writes.push(async () => blobs.compareAndSwap(key, (await blobs.get(key))?.version, bytes));
            return `staged ${key}`;
          },
        });
        for (const write of writes) await write();
        if (writes.length > 0) committed++;
        return result;
      };
      const mine = last.then(run, run);
      last = mine;
      return mine;
    },
  };
}
