import type { BlobStore, Version } from '@signwright/signing-core';
import { beforeEach, describe, expect, test } from 'vitest';

const text = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : Buffer.from(bytes).toString();
const bytes = (content: string): Uint8Array => Buffer.from(content);

/** Several views of one store, as several processes have: each call of `open` is one more. */
export type OpenBlobStore = { open: () => BlobStore };

/**
 * Registers the tests that every BlobStore must pass.
 *
 * @param make makes a new, empty store for each test.
 */
export function blobStoreContract(name: string, make: () => OpenBlobStore | Promise<OpenBlobStore>): void {
  describe(`${name} keeps the contract of BlobStore`, () => {
    let open: () => BlobStore;
    let one: BlobStore;
    let other: BlobStore;
    beforeEach(async () => {
      ({ open } = await make());
      one = open();
      other = open();
    });

    test('what was never written is undefined', async () => {
      expect(await one.get('a/b')).toBeUndefined();
    });

    test('bytes come back as they were put, to everyone, whatever they are', async () => {
      const all = Uint8Array.from({ length: 70_000 }, (_, i) => i % 256);
      expect(await one.putIfAbsent('a/all', all)).toBe(true);
      expect(await one.putIfAbsent('a/none', new Uint8Array())).toBe(true);
      expect(Buffer.compare((await other.get('a/all'))!.bytes, all)).toBe(0);
      expect((await other.get('a/none'))!.bytes).toHaveLength(0);
    });

    test('the first put stays; later ones say they did not write', async () => {
      expect(await one.putIfAbsent('a/b', bytes('first'))).toBe(true);
      expect(await other.putIfAbsent('a/b', bytes('second'))).toBe(false);
      expect(text((await one.get('a/b'))?.bytes)).toBe('first');
    });

    test('of many puts at once exactly one writes', async () => {
      const wrote = await Promise.all(
        Array.from({ length: 20 }, (_, i) => (i % 2 ? one : other).putIfAbsent('a/b', bytes(`${i}`))),
      );
      expect(wrote.filter(Boolean)).toHaveLength(1);
      expect(text((await one.get('a/b'))?.bytes)).toBe(`${wrote.indexOf(true)}`);
    });

    test('a swap of the current version replaces the bytes and names the new version', async () => {
      const first = await one.compareAndSwap('a/b', undefined, bytes('1'));
      expect(first).toBeDefined();
      const second = await other.compareAndSwap('a/b', first, bytes('2'));
      expect(second).toBeDefined();
      expect(second).not.toBe(first);
      const blob = await one.get('a/b');
      expect([text(blob?.bytes), blob?.version]).toEqual(['2', second]);
    });

    test('a swap of another version than the current one changes nothing', async () => {
      const versions: (Version | undefined)[] = [];
      for (let i = 0; i < 6; i++) versions.push(await one.compareAndSwap('a/b', versions.at(-1), bytes(`${i}`)));
      for (const stale of [undefined, ...versions.slice(0, -1), 'no such version', '../../b']) {
        expect(await other.compareAndSwap('a/b', stale, bytes('stale'))).toBeUndefined();
      }
      const blob = await one.get('a/b');
      expect([text(blob?.bytes), blob?.version]).toEqual(['5', versions.at(-1)]);
    });

    test('a swap of a version of what does not exist changes nothing', async () => {
      const version = await one.compareAndSwap('a/b', undefined, bytes('1'));
      expect(await one.compareAndSwap('a/c', version, bytes('1'))).toBeUndefined();
      expect(await one.get('a/c')).toBeUndefined();
    });

    test('of many first writes at once exactly one wins', async () => {
      const won = await Promise.all(
        Array.from({ length: 20 }, (_, i) => (i % 2 ? one : other).compareAndSwap('a/b', undefined, bytes(`${i}`))),
      );
      const winners = won.flatMap((version, i) => (version === undefined ? [] : [i]));
      expect(winners).toHaveLength(1);
      expect(text((await one.get('a/b'))?.bytes)).toBe(`${winners[0]}`);
    });

    test('of many increments at once none is lost', async () => {
      await one.compareAndSwap('a/count', undefined, bytes('0'));
      const increment = async (store: BlobStore): Promise<void> => {
        for (;;) {
          const blob = (await store.get('a/count'))!;
          if ((await store.compareAndSwap('a/count', blob.version, bytes(`${Number(text(blob.bytes)) + 1}`))) !== undefined)
            return;
        }
      };
      await Promise.all(
        Array.from({ length: 12 }, async (_, i) => {
          for (let n = 0; n < 5; n++) await increment(i % 2 ? one : other);
        }),
      );
      expect(text((await one.get('a/count'))?.bytes)).toBe('60');
    });

    test('a store opened later sees what was written, both ways', async () => {
      await open().putIfAbsent('once', bytes('kept'));
      const version = await open().compareAndSwap('swapped', undefined, bytes('kept'));
      expect(text((await open().get('once'))?.bytes)).toBe('kept');
      expect((await open().get('swapped'))?.version).toBe(version);
    });

    test('changing the caller’s bytes later changes nothing', async () => {
      const given = bytes('given');
      await one.putIfAbsent('a/b', given);
      given.fill(0);
      const read = (await one.get('a/b'))!.bytes;
      read.fill(0);
      expect(text((await one.get('a/b'))?.bytes)).toBe('given');
    });
  });
}
