import type { Blob, BlobStore, Retaining, Version } from '@signwright/signing-core';
import { SignwrightError } from '@signwright/signing-core';
import { checkKey, checkSize } from '../check-blob.ts';
import { type Call, withinDeadline } from './call.ts';
import { connector } from './connect.ts';
import { isEtag } from './etag.ts';
import { checkObjectLock, holdObject, isHeld, removeObject } from './lock.ts';
import { checkPlace, type S3Place } from './place.ts';
import { readObject } from './read.ts';
import { type LockMode, type Retain, type Retention, retainLonger, retentionOf } from './retention.ts';
import { type Condition, newMark, proveCondition, writeObject } from './write.ts';

export type S3StoreOptions = S3Place & {
  /** Milliseconds that one call may take; 30,000 unless told. A server may be silent for a third of it before it is asked again. */
  deadline?: number | undefined;
  /** The Object Lock each write stands under, for `seconds` or as long as `putIfAbsent` is told; none unless told. */
  retain?: Retain | undefined;
};

const DEADLINE_MS = 30_000;
const SECONDS_MAX = 100 * 366 * 24 * 60 * 60;

/**
 * Keeps blobs in a bucket of Amazon S3, or of a server that speaks it, shared by any number of processes: each write is a conditional
 * PutObject (`If-None-Match: *`, `If-Match`), and nothing else coordinates them. A blob is an object with exactly its bytes.
 *
 * The version of a blob is its object's ETag, which equal bytes have alike: swapping to bytes a blob once had brings their version
 * back (see BlobStore). A write whose answer is lost is recognised by a mark in the object's metadata.
 *
 * Credentials come from where AWS's tools look for them (environment, profile, web identity, container, instance). The SDK is loaded
 * when the store is first used.
 *
 * The store throws SignwrightError `unreachable` where the server does not answer in time, is not available, has hidden or damaged a
 * blob, or the credentials have expired; `configuration` where bucket, region, endpoint, credentials, permissions, clock or Object
 * Lock are not as they must be; `invalid-input` for keys and sizes that no store takes.
 */
export function createS3Store(options: S3StoreOptions): BlobStore & Retaining {
  const place = checkPlace(options);
  const { retain, deadline = DEADLINE_MS } = options;
  checkTimes(deadline, retain);
  const connect = connector(place, Math.ceil(deadline / 3));
  /** Conditions that this server has refused a write by. */
  const proved = new Set<string>();

  function at<T>(key: string, work: (call: Call) => Promise<T>): Promise<T> {
    const Key = place.prefix === '' ? key : `${place.prefix}/${key}`;
    return withinDeadline(connect, { Bucket: place.bucket, Key }, deadline, work);
  }

  async function write(
    call: Call,
    bytes: Uint8Array,
    { once, condition, retention }: { once: boolean; condition: Condition; retention: Retention | undefined },
  ): Promise<string | undefined> {
    const lock = retention === undefined ? {} : { ObjectLockMode: retention.mode, ObjectLockRetainUntilDate: retention.until };
    const one = { bytes, condition, once, retention: lock, mark: newMark() };
    const etag = await writeObject(call, one);
    const [name = ''] = Object.keys(condition);
    if (etag !== undefined && !proved.has(name)) await proveCondition(call, one);
    proved.add(name);
    return etag;
  }

  return {
    async putIfAbsent(key: string, bytes: Uint8Array, retainUntil?: Date): Promise<boolean> {
      checkKey(key);
      checkSize(key, bytes);
      return at(key, async (call) => {
        const retention = retentionOf(retain, retainUntil);
        const etag = await write(call, bytes, { once: true, condition: { IfNoneMatch: '*' }, retention });
        if (etag !== undefined) return true;
        const asked = retainUntil === undefined ? undefined : retentionOf(retain && { mode: retain.mode }, retainUntil);
        if (asked !== undefined) await retainLonger(call, bytes, asked);
        return false;
      });
    },

    async compareAndSwap(key: string, expected: Version | undefined, bytes: Uint8Array): Promise<Version | undefined> {
      checkKey(key);
      checkSize(key, bytes);
      if (expected !== undefined && !isEtag(expected)) return undefined;
      const condition: Condition = expected === undefined ? { IfNoneMatch: '*' } : { IfMatch: expected };
      return at(key, (call) => write(call, bytes, { once: false, condition, retention: retentionOf(retain, undefined) }));
    },

    async get(key: string): Promise<Blob | undefined> {
      checkKey(key);
      return at(key, readObject);
    },

    checkLock(mode: LockMode): Promise<void> {
      return withinDeadline(connect, { Bucket: place.bucket, Key: '' }, deadline, (call) => checkObjectLock(call, retain, mode));
    },

    async hold(key: string, held: boolean): Promise<void> {
      checkKey(key);
      return at(key, (call) => holdObject(call, held));
    },

    async held(key: string): Promise<boolean> {
      checkKey(key);
      return at(key, isHeld);
    },

    async remove(key: string): Promise<'removed' | 'held' | 'absent'> {
      checkKey(key);
      return at(key, removeObject);
    },
  };
}

function checkTimes(deadline: number, retain: Retain | undefined): void {
  if (!Number.isSafeInteger(deadline) || deadline < 1 || deadline > 2 ** 31 - 1) {
    throw new SignwrightError('configuration', `${deadline} is no deadline for a store`, { next: 'give milliseconds' });
  }
  const seconds = retain?.seconds ?? 0;
  if (!Number.isFinite(seconds) || seconds < 0 || seconds > SECONDS_MAX) {
    throw new SignwrightError('configuration', `nothing can be retained for ${seconds} seconds`, {
      next: 'retain for 100 years at the most, as Amazon S3 does',
    });
  }
}
