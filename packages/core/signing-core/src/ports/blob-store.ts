/**
 * Names one state of a mutable blob. It may stand for the bytes alone, as an ETag does: swapped away and back, an earlier version is
 * current again. So all that matters to a swap must be in the bytes; a blob whose earlier states must not return has a count or a time.
 */
export type Version = string;
export type Blob = { bytes: Uint8Array; version: Version };

/**
 * Bytes by key, in a store that may be shared by many processes. A write that has returned is durable. Keys are lower-case
 * `[a-z0-9._-]` parts between `/`. A key is either written once with `putIfAbsent` or always with `compareAndSwap`.
 *
 * A write that throws may or may not have taken effect; whoever needs to know reads the key.
 */
export interface BlobStore {
  /**
   * @param retainUntil what is written cannot be removed before, where the store can see to it (see {@link Retaining}); a key that
   * had these bytes already is retained until then too.
   * @returns whether this call wrote it; `false` where the key already had bytes, which are left as they are.
   */
  putIfAbsent(key: string, bytes: Uint8Array, retainUntil?: Date): Promise<boolean>;
  /**
   * Replaces the blob if it is still the `expected` version (`undefined`: does not exist yet).
   * @returns the new version, or `undefined` where someone else was first.
   */
  compareAndSwap(key: string, expected: Version | undefined, bytes: Uint8Array): Promise<Version | undefined>;
  /** @returns `undefined` where there is none. Throws SignwrightError `unreachable` where the store cannot tell. */
  get(key: string): Promise<Blob | undefined>;
}
