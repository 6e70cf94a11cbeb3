import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BlobStore, Retaining } from '@signwright/signing-core';
import { retainingContract } from '@signwright/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDirectoryStore } from './directory-store.ts';

let place: string;
let store: BlobStore & Retaining;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'signwright-retaining-'));
  store = createDirectoryStore(place);
});
afterEach(() => rmSync(place, { recursive: true }));
retainingContract('the directory store', undefined, () => store);

const bytes = (text: string): Uint8Array => Buffer.from(text);

describe('a directory', () => {
  test.each(['compliance', 'governance'] as const)('says that it cannot lock (%s), and what can', async (mode) => {
    await expect(store.checkLock(mode)).rejects.toMatchObject({
      code: 'configuration',
      message: `the directory ${place} cannot keep anyone from deleting what is in it before its time`,
      next: expect.stringContaining('Object Lock'),
    });
  });

  test('removes what was written once and what was swapped, with all its versions', async () => {
    await store.putIfAbsent('a/once', bytes('1'));
    const first = await store.compareAndSwap('a/swapped', undefined, bytes('1'));
    await store.compareAndSwap('a/swapped', first, bytes('2'));
    expect(await store.remove('a/once')).toBe('removed');
    expect(await store.remove('a/swapped')).toBe('removed');
    expect([await store.get('a/once'), await store.get('a/swapped')]).toEqual([undefined, undefined]);
    expect([readdirSync(join(place, 'a')), readdirSync(join(place, '.tmp'))]).toEqual([[], []]);
  });

  test('says what was not there, also where it never had anything', async () => {
    expect(await store.remove('a/b')).toBe('absent');
    await store.putIfAbsent('a/b', bytes('1'));
    await store.remove('a/b');
    expect(await store.remove('a/b')).toBe('absent');
    expect(await createDirectoryStore(join(place, 'nowhere')).remove('a')).toBe('absent');
  });

  test('takes what was removed again, and a stale writer does not bring it back', async () => {
    const stale = await store.compareAndSwap('a', undefined, bytes('1'));
    await store.remove('a');
    expect(await store.compareAndSwap('a', stale, bytes('2'))).toBeUndefined();
    const again = await store.compareAndSwap('a', undefined, bytes('3'));
    expect(again).not.toBe(stale);
    expect(await store.compareAndSwap('a', stale, bytes('4'))).toBeUndefined();
    expect(Buffer.from((await store.get('a'))!.bytes).toString()).toBe('3');
    await store.putIfAbsent('b', bytes('1'));
    await store.remove('b');
    expect(await store.putIfAbsent('b', bytes('2'))).toBe(true);
  });

  test('removes nothing that is held, in whichever process the hold was set, until it is lifted', async () => {
    await store.putIfAbsent('a/once', bytes('1'));
    await store.compareAndSwap('a/swapped', undefined, bytes('1'));
    for (const key of ['a/once', 'a/swapped']) {
      await createDirectoryStore(place).hold(key, true);
      await store.hold(key, true);
      expect(await store.remove(key)).toBe('held');
      expect(await store.get(key)).toBeDefined();
      await store.hold(key, false);
      await store.hold(key, false);
      expect(await store.remove(key)).toBe('removed');
    }
  });

  test('holds one key and not those that begin like it', async () => {
    for (const key of ['a', 'ab', 'b/c']) await store.compareAndSwap(key, undefined, bytes('1'));
    await store.hold('a', true);
    await store.hold('b', true);
    expect([await store.remove('a'), await store.remove('ab'), await store.remove('b/c')]).toEqual([
      'held',
      'removed',
      'removed',
    ]);
  });

  test('of several that remove at once one says it did', async () => {
    await store.putIfAbsent('a', bytes('1'));
    await store.compareAndSwap('b', undefined, bytes('1'));
    for (const key of ['a', 'b']) {
      const said = await Promise.all(Array.from({ length: 8 }, () => createDirectoryStore(place).remove(key)));
      expect(said.filter((each) => each === 'removed')).toHaveLength(1);
    }
  });

  test('removes nothing outside of itself, and no directory that is none of its own', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'signwright-outside-'));
    try {
      writeFileSync(join(outside, 'file'), 'kept');
      mkdirSync(join(outside, 'file@'));
      symlinkSync(outside, join(place, 'link'));
      symlinkSync(join(outside, 'file'), join(place, 'file'));
      await expect(store.remove('link/file')).rejects.toMatchObject({ code: 'unreachable' });
      await expect(store.remove('file')).rejects.toMatchObject({ code: 'unreachable' });
      mkdirSync(join(place, 'plain'));
      await expect(store.remove('plain')).rejects.toMatchObject({ code: 'unreachable' });
      await expect(store.remove('../file')).rejects.toMatchObject({ code: 'invalid-input' });
      expect(readdirSync(outside).sort()).toEqual(['file', 'file@']);
      expect(readdirSync(place)).toContain('plain');
    } finally {
      rmSync(outside, { recursive: true });
    }
  });
});
