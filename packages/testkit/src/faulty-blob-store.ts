import { type Blob, type BlobStore, SignwrightError, type Version } from '@signwright/signing-core';

/** How a write goes wrong: without or with effect, or not at all to an end. */
export type WriteFault = 'failed' | 'failed but persisted' | 'hung';

/** A blob store some of whose writes go wrong, which counts them. */
export type FaultyBlobStore = BlobStore & { writes(): number };

/**
 * @param faultAt says how a write goes wrong: `undefined` for those that do not.
 * @param meanwhile done before each write, as when a process dies there.
 */
export function createFaultyBlobStore(
  inner: BlobStore,
  faultAt: (write: number, key: string) => WriteFault | undefined,
  meanwhile: (write: number, key: string) => void = () => undefined,
): FaultyBlobStore {
  let writes = 0;

  async function flaky<T>(key: string, write: () => Promise<T>): Promise<T> {
    const number = writes++;
    meanwhile(number, key);
    const fault = faultAt(number, key);
    if (fault === undefined) return write();
    if (fault === 'hung') return new Promise<T>(() => undefined);
    if (fault === 'failed but persisted') await write();
    throw new SignwrightError('unreachable', `the store is down (write ${number}, ${key})`, { where: key });
  }

  return {
    writes: () => writes,
    putIfAbsent: (key: string, bytes: Uint8Array, retainUntil?: Date): Promise<boolean> =>
      flaky(key, () => inner.putIfAbsent(key, bytes, retainUntil)),
    compareAndSwap: (key: string, expected: Version | undefined, bytes: Uint8Array): Promise<Version | undefined> =>
      flaky(key, () => inner.compareAndSwap(key, expected, bytes)),
    get: (key: string): Promise<Blob | undefined> => inner.get(key),
  };
}
