import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BlobStore, Version } from '@signwright/signing-core';
import { mountTmpfs, runUnprivileged, whyNoMount, whyNotUnprivileged } from '@signwright/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDirectoryStore } from './directory-store.ts';

let place: string;
let store: BlobStore;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'signwright-directory-'));
  store = createDirectoryStore(join(place, 'store'));
});
afterEach(() => rmSync(place, { recursive: true }));
const at = (name: string): string => join(place, 'store', name);
const bytes = (content: string): Uint8Array => Buffer.from(content);
const read = async (key: string): Promise<string> => Buffer.from((await store.get(key))!.bytes).toString();

describe('keys', () => {
  test.each([
    '',
    '/',
    'a/',
    '/a',
    'a//b',
    '.',
    '..',
    '../a',
    'a/../b',
    'a/./b',
    '.tmp/a',
    'a/.b',
    'A',
    'a\\b',
    'a b',
    'a@',
    'a\0',
    'a\n',
    'ä',
    'x'.repeat(513),
  ])('%j is refused by every call', async (key) => {
    for (const call of [store.get(key), store.putIfAbsent(key, bytes('')), store.compareAndSwap(key, undefined, bytes(''))]) {
      await expect(call).rejects.toMatchObject({ code: 'invalid-input' });
    }
    expect(existsSync(join(place, 'store'))).toBe(false);
  });

  test.each(['a', 'a.b-c_d/0', '_/-', 'a..b'])('%j is a key', async (key) => {
    expect(await store.putIfAbsent(key, bytes('kept'))).toBe(true);
    expect(await read(key)).toBe('kept');
  });
});

describe('who looks for a free number', () => {
  let number = 0;
  const temporaries = (): string[] => readdirSync(at('.tmp'));

  /** Puts bytes under names that others take at the same moment, until it lost one after having written them. */
  async function loseOne(content: Uint8Array): Promise<void> {
    const another = createDirectoryStore(join(place, 'store'));
    for (let tries = 0; tries < 200; tries++) {
      const key = `n/${number++}`;
      const [, wrote] = await Promise.all([another.putIfAbsent(key, bytes("another's")), store.putIfAbsent(key, content)]);
      expect(await read(key)).toBe(wrote ? 'ours' : "another's");
      if (temporaries().length > 0) return;
    }
    throw new Error('it never lost');
  }

  test('finds its bytes under the name it got, and nothing is left of its tries', async () => {
    const content = bytes('ours');
    await loseOne(content);
    expect(await store.putIfAbsent('free', content)).toBe(true);
    expect(await read('free')).toBe('ours');
    await loseOne(content);
    await expect.poll(temporaries, { timeout: 5000 }).toEqual([]);
  });

  test('gets what is in its buffer now, not what was in it when another was first', async () => {
    const content = bytes('ours');
    await loseOne(content);
    content.set(bytes('new!'));
    expect(await store.putIfAbsent('free', content)).toBe(true);
    expect(await read('free')).toBe('new!');
  });
});

describe('on disk', () => {
  test('evidence is no secret: directories 0755, files 0644, less the umask', async () => {
    await store.putIfAbsent('a/b', bytes('once'));
    await store.compareAndSwap('a/c', undefined, bytes('swapped'));
    const umask = process.umask();
    for (const name of ['', 'a', 'a/c@']) expect(statSync(at(name)).mode & 0o777).toBe(0o755 & ~umask);
    for (const name of readdirSync(at('a/c@'))) expect(statSync(at(`a/c@/${name}`)).mode & 0o777).toBe(0o644 & ~umask);
    expect(statSync(at('a/b')).mode & 0o777).toBe(0o644 & ~umask);
  });

  test('a blob that is swapped often keeps two versions', async () => {
    let version: Version | undefined;
    for (let i = 0; i < 30; i++) version = await store.compareAndSwap('a', version, bytes(`${i}`));
    expect(readdirSync(at('a@'))).toHaveLength(3);
    expect(readdirSync(at('.tmp'))).toEqual([]);
  });

  test('what killed writers left is ignored, and swept when a day old', async () => {
    mkdirSync(at('.tmp/old'), { recursive: true });
    for (const name of ['old/blob', 'older', 'new']) writeFileSync(at(`.tmp/${name}`), 'half');
    const twoDaysAgo = Date.now() / 1000 - 2 * 24 * 3600;
    for (const name of ['old', 'older']) utimesSync(at(`.tmp/${name}`), twoDaysAgo, twoDaysAgo);
    await store.putIfAbsent('a', bytes('whole'));
    expect(readdirSync(at('.tmp'))).toEqual(['new']);
    expect(await read('a')).toBe('whole');
  });

  test('bytes of a version that never became current are never read', async () => {
    await store.compareAndSwap('a', undefined, bytes('current'));
    writeFileSync(at('a@/000000000002-0123456789abcdef'), 'half');
    expect(await read('a')).toBe('current');
  });

  test('a copy of the whole directory is the same store', async () => {
    const version = await store.compareAndSwap('a', undefined, bytes('1'));
    await store.putIfAbsent('b', bytes('2'));
    cpSync(join(place, 'store'), join(place, 'copy'), { recursive: true });
    store = createDirectoryStore(join(place, 'copy'));
    expect([await read('a'), await read('b')]).toEqual(['1', '2']);
    expect(await store.compareAndSwap('a', version, bytes('3'))).toBeDefined();
  });
});

describe('a store that cannot be trusted to tell is unreachable', () => {
  test('two stores copied over each other', async () => {
    const other = createDirectoryStore(join(place, 'other'));
    for (const each of [store, other]) await each.compareAndSwap('a', undefined, bytes('mine'));
    cpSync(join(place, 'other'), join(place, 'store'), { recursive: true });
    await expect(store.get('a')).rejects.toMatchObject({
      code: 'unreachable',
      message: /several current versions/,
      where: at('a@'),
    });
    await expect(store.compareAndSwap('a', undefined, bytes('new'))).resolves.toBeUndefined();
  });

  test.each(['the head', 'the bytes'])('%s of a blob removed', async (what) => {
    const version = (await store.compareAndSwap('a', undefined, bytes('1')))!;
    unlinkSync(at(`a@/${version}${what === 'the head' ? '.head' : ''}`));
    await expect(store.get('a')).rejects.toMatchObject({ code: 'unreachable', where: at('a@') });
  });

  test('a blob larger than any that was written', async () => {
    await store.putIfAbsent('a', bytes('small'));
    truncateSync(at('a'), 64 * 1024 * 1024 + 1);
    await expect(store.get('a')).rejects.toMatchObject({ code: 'unreachable', message: /larger than/ });
  });

  test('a symbolic link in the place of a blob', async () => {
    mkdirSync(join(place, 'store'));
    writeFileSync(join(place, 'secret'), 'secret');
    symlinkSync(join(place, 'secret'), at('a'));
    await expect(store.get('a')).rejects.toMatchObject({ code: 'unreachable', where: at('a') });
    await expect(store.putIfAbsent('a', bytes('new'))).rejects.toMatchObject({ code: 'unreachable' });
  });

  test.each(['dir/a', 'a@', '.tmp'])('a directory that leads out of it by a symbolic link, at %s', async (name) => {
    mkdirSync(join(place, 'outside'));
    mkdirSync(join(place, 'store'));
    const link = name.split('/')[0]!;
    symlinkSync(join(place, 'outside'), at(link));
    const key = name === 'dir/a' ? 'dir/a' : 'a';
    const refused = { code: 'unreachable', message: /leads out of the store/, where: at(link) };
    if (name !== '.tmp') await expect(store.get(key)).rejects.toMatchObject(refused);
    await expect(store.compareAndSwap(key, undefined, bytes('x'))).rejects.toMatchObject(refused);
    if (name !== 'a@') await expect(store.putIfAbsent(key, bytes('x'))).rejects.toMatchObject(refused);
    expect(readdirSync(join(place, 'outside'))).toEqual([]);
  });

  test('a file in the place of the directory', async () => {
    writeFileSync(join(place, 'store'), '');
    await expect(store.putIfAbsent('a', bytes('x'))).rejects.toMatchObject({ code: 'unreachable', next: /./ });
  });
});

test('a blob too large to be read back is not written', async () => {
  const large = new Uint8Array(64 * 1024 * 1024 + 1);
  await expect(store.putIfAbsent('a', large)).rejects.toMatchObject({ code: 'invalid-input' });
  await expect(store.compareAndSwap('a', undefined, large)).rejects.toMatchObject({ code: 'invalid-input' });
});

const whyNot = whyNotUnprivileged();
describe.skipIf(whyNot !== undefined)(`permissions${whyNot === undefined ? '' : ` (skipped: ${whyNot})`}`, () => {
  test('a directory that may not be written, or not be read, is named with what to do', async () => {
    await store.putIfAbsent('a/b', bytes('kept'));
    chmodSync(place, 0o755);
    const attempt = (call: string): unknown =>
      runUnprivileged(`
        import { createDirectoryStore } from ${JSON.stringify(new URL('directory-store.ts', import.meta.url).href)};
        const store = createDirectoryStore(${JSON.stringify(join(place, 'store'))});
        const result = await store.${call}.then((blob) => 'done', (e) => [e.code, e.message, e.next]);
        console.log(JSON.stringify(result));`);
    const denied = ['unreachable', `the store cannot use ${at('a/c')}: permission denied`, expect.stringContaining('permission')];
    chmodSync(at('a'), 0o555);
    chmodSync(at('.tmp'), 0o555);
    expect(attempt(`get('a/b')`)).toBe('done');
    expect(attempt(`putIfAbsent('a/c', Buffer.from('x'))`)).toEqual(denied);
    expect(attempt(`compareAndSwap('a/c', undefined, Buffer.from('x'))`)).toEqual(denied);
    chmodSync(at('a'), process.getuid?.() === 0 ? 0o700 : 0);
    expect(attempt(`get('a/c')`)).toEqual(denied);
    chmodSync(at('a'), 0o755);
  });
});

const noMount = whyNoMount();
describe.skipIf(noMount !== undefined)(`disks${noMount === undefined ? '' : ` (skipped: ${noMount})`}`, () => {
  test('a full disk keeps what was there and nothing half-written', async () => {
    mkdirSync(join(place, 'store'));
    const unmount = mountTmpfs(join(place, 'store'), 'size=1m');
    try {
      const version = await store.compareAndSwap('a', undefined, bytes('kept'));
      const full = { code: 'unreachable', message: /the disk is full/, next: /free space/ };
      await expect(store.compareAndSwap('a', version, new Uint8Array(2_000_000))).rejects.toMatchObject(full);
      await expect(store.compareAndSwap('b', undefined, new Uint8Array(2_000_000))).rejects.toMatchObject(full);
      await expect(store.putIfAbsent('c', new Uint8Array(2_000_000))).rejects.toMatchObject(full);
      expect(await read('a')).toBe('kept');
      expect([await store.get('b'), await store.get('c')]).toEqual([undefined, undefined]);
      expect([readdirSync(at('.tmp')), readdirSync(at('a@')).length]).toEqual([[], 2]);
    } finally {
      unmount();
    }
  });

  test('a read-only file system reads, and says it cannot be written', async () => {
    await store.putIfAbsent('a', bytes('kept'));
    const empty = join(place, 'read-only');
    mkdirSync(empty);
    const unmount = mountTmpfs(empty, 'ro');
    try {
      const readOnly = createDirectoryStore(empty);
      expect(await readOnly.get('a')).toBeUndefined();
      await expect(readOnly.putIfAbsent('a', bytes('x'))).rejects.toMatchObject({ code: 'unreachable', message: /read-only/ });
    } finally {
      unmount();
    }
  });
});
