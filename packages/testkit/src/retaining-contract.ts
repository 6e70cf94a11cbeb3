import { setTimeout as wait } from 'node:timers/promises';
import type { BlobStore, Retaining } from '@signwright/signing-core';
import { beforeEach, describe, expect, test } from 'vitest';

const bytes = (content: string): Uint8Array => Buffer.from(content);
const inSeconds = (seconds: number): Date => new Date(Date.now() + seconds * 1000);
/** Stores may retain to the end of a second, and one more. */
const MARGIN_MS = 2_500;

/**
 * Registers the tests that every store that retains must pass. Where it locks they wait for seconds: a lock cannot be hurried.
 *
 * @param mode the lock it enforces; `undefined` for a store that only removes and heeds holds.
 * @param make makes a new, empty store for each test, in which a write that names no time is not retained.
 */
export function retainingContract(
  name: string,
  mode: 'compliance' | 'governance' | undefined,
  make: () => (BlobStore & Retaining) | Promise<BlobStore & Retaining>,
): void {
  const locking = (title: string, body: () => Promise<void>): void => {
    if (mode !== undefined) test(title, body);
  };
  describe(`${name} keeps the contract of Retaining`, () => {
    let store: BlobStore & Retaining;
    beforeEach(async () => {
      store = await make();
    });

    test('it says truly whether it enforces a lock', async () => {
      if (mode === undefined) await expect(store.checkLock('governance')).rejects.toMatchObject({ code: 'configuration' });
      else await store.checkLock(mode);
    });

    locking('what is retained is not removed before its time, and is after', async () => {
      const until = inSeconds(3);
      expect(await store.putIfAbsent('a/b', bytes('kept'), until)).toBe(true);
      expect(await store.remove('a/b')).toBe('held');
      if (store.held) expect(await store.held('a/b')).toBe(true);
      expect(Buffer.from((await store.get('a/b'))!.bytes).toString()).toBe('kept');
      await wait(until.getTime() - Date.now() + MARGIN_MS);
      expect(await store.remove('a/b')).toBe('removed');
      expect(await store.get('a/b')).toBeUndefined();
    });

    locking('the same bytes put again are retained longer, never shorter', async () => {
      const first = inSeconds(1);
      await store.putIfAbsent('a/b', bytes('kept'), first);
      expect(await store.putIfAbsent('a/b', bytes('kept'), inSeconds(3600))).toBe(false);
      expect(await store.putIfAbsent('a/b', bytes('kept'), inSeconds(1))).toBe(false);
      await wait(first.getTime() - Date.now() + MARGIN_MS);
      expect(await store.remove('a/b')).toBe('held');
    });

    locking('what was put without a time is retained once the same bytes are put with one', async () => {
      await store.putIfAbsent('a/b', bytes('kept'));
      await store.putIfAbsent('a/b', bytes('kept'), inSeconds(3600));
      expect(await store.remove('a/b')).toBe('held');
    });

    test('a put of other bytes retains nothing', async () => {
      await store.putIfAbsent('a/b', bytes('one'));
      expect(await store.putIfAbsent('a/b', bytes('other'), inSeconds(3600))).toBe(false);
      expect(await store.remove('a/b')).toBe('removed');
    });

    test('a time that has passed retains nothing', async () => {
      expect(await store.putIfAbsent('a/b', bytes('one'), inSeconds(-3600))).toBe(true);
      expect(await store.remove('a/b')).toBe('removed');
    });

    test('what is held is not removed until the hold is lifted', async () => {
      await store.putIfAbsent('a/b', bytes('held'));
      await store.hold('a/b', true);
      expect(await store.remove('a/b')).toBe('held');
      if (store.held) expect(await store.held('a/b')).toBe(true);
      await store.hold('a/b', false);
      await store.hold('a/b', false);
      if (store.held) expect(await store.held('a/b')).toBe(false);
      expect(await store.remove('a/b')).toBe('removed');
    });

    test('a hold stays with a blob that is swapped', async () => {
      const version = await store.compareAndSwap('a/b', undefined, bytes('1'));
      await store.hold('a/b', true);
      expect(await store.compareAndSwap('a/b', version, bytes('2'))).toBeDefined();
      expect(await store.remove('a/b')).toBe('held');
      await store.hold('a/b', false);
      expect(await store.remove('a/b')).toBe('removed');
    });

    test('where there is nothing, nothing is removed, and a hold is lifted from nothing', async () => {
      expect(await store.remove('a/b')).toBe('absent');
      await store.hold('a/b', false);
    });

    test('a blob is removed with every version of it, and nothing beside it', async () => {
      let version = await store.compareAndSwap('a/b', undefined, bytes('0'));
      for (let i = 1; i < 5; i++) version = await store.compareAndSwap('a/b', version, bytes(`${i}`));
      await store.putIfAbsent('a/b.more', bytes('beside'));
      await store.putIfAbsent('a/a', bytes('beside'));
      expect(await store.remove('a/b')).toBe('removed');
      expect(await store.get('a/b')).toBeUndefined();
      expect(await store.remove('a/b')).toBe('absent');
      expect(await store.get('a/b.more')).toBeDefined();
      expect(await store.get('a/a')).toBeDefined();
      expect(await store.compareAndSwap('a/b', undefined, bytes('new'))).toBeDefined();
    });
  });
}
