import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BlobStore, Transactions } from '@signwright/signing-core';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createGitStore, type GitStoreOptions } from './git-store.ts';

let place: string;
let repository: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'signwright-branch-'));
  vi.stubEnv('TMPDIR', place);
  repository = join(place, 'server.git');
  execFileSync('git', ['init', '--quiet', '--bare', repository]);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(place, { recursive: true });
});

const bytes = (content: string): Uint8Array => Buffer.from(content);
const open = (options: Partial<GitStoreOptions> = {}): BlobStore & Transactions =>
  createGitStore({ url: `file://${repository}`, branch: 'log', ...options });
const read = async (store: BlobStore, key: string): Promise<string | undefined> => {
  const blob = await store.get(key);
  return blob && Buffer.from(blob.bytes).toString();
};
const server = (...args: string[]): string => execFileSync('git', ['-C', repository, ...args], { encoding: 'utf8' }).trim();
const hook = (name: string, script: string): void =>
  writeFileSync(join(repository, 'hooks', name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
const heads = (): string[] => server('rev-list', '--reverse', 'log').split('\n');

/** Commits files on the branch as someone else would, with a clone. */
function commit(files: Record<string, string>, message = 'not ours'): void {
  const clone = mkdtempSync(join(place, 'clone-'));
  const git = (...args: string[]): void =>
    void execFileSync('git', ['-C', clone, '-c', 'user.name=a', '-c', 'user.email=a@acme.example', ...args], { stdio: 'ignore' });
  execFileSync('git', ['clone', '--quiet', '--branch', 'log', repository, clone], { stdio: 'ignore' });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(clone, name), content);
  git('add', '--', ...Object.keys(files));
  git('commit', '--message', message);
  git('push', 'origin', 'HEAD:log');
}

describe('on the branch', () => {
  test('each key is a plain file, and each write one commit on the one before', async () => {
    const store = open();
    await store.putIfAbsent('segments/000000000000', bytes('zero'));
    await store.putIfAbsent('segments/000000000001', bytes('one'));
    await store.compareAndSwap('head', undefined, bytes('head'));
    expect(server('ls-tree', '-r', '--name-only', 'log').split('\n')).toEqual([
      'head',
      'head@',
      'segments/000000000000',
      'segments/000000000001',
    ]);
    expect(server('show', 'log:segments/000000000001')).toBe('one');
    expect(server('rev-list', '--count', '--merges', 'log')).toBe('0');
    expect(heads()).toHaveLength(3);
  });

  test('a commit names no person, starts no pipeline, and is like no other', async () => {
    await open().putIfAbsent('a', bytes('x'));
    expect(server('log', '--format=%an <%ae>%n%s', 'log')).toBe('Signwright <signwright@invalid>\nWrite a [skip ci]');
    const [first] = heads();
    server('update-ref', '-d', 'refs/heads/log');
    await open({ author: { name: 'Signing', email: 'signing@acme.example' } }).putIfAbsent('a', bytes('x'));
    expect(server('log', '--format=%an <%ae>', 'log')).toBe('Signing <signing@acme.example>');
    expect(heads()).not.toContain(first);
  });

  test('two processes that write the same bytes at once are not both told that they wrote', async () => {
    const stores = [open(), open(), open()];
    for (let i = 0; i < 4; i++) {
      const wrote = await Promise.all(stores.map((store) => store.putIfAbsent(`same/${i}`, bytes('same'))));
      expect(wrote.filter(Boolean)).toHaveLength(1);
    }
  });

  test('a version stays stale when bytes were swapped away and back', async () => {
    const [store, other] = [open(), open()];
    const stale = await store.compareAndSwap('head', undefined, bytes('A'));
    const between = await other.compareAndSwap('head', stale, bytes('B'));
    const current = await other.compareAndSwap('head', between, bytes('A'));
    expect(await read(store, 'head')).toBe('A');
    expect(await store.compareAndSwap('head', stale, bytes('lost update'))).toBeUndefined();
    expect(await store.compareAndSwap('head', between, bytes('lost update'))).toBeUndefined();
    expect(await store.compareAndSwap('head', current, bytes('C'))).toBeDefined();
  });

  test('who has not looked for long takes part with what others say is current', async () => {
    const [store, other] = [open(), open()];
    let version = await store.compareAndSwap('head', undefined, bytes('0'));
    for (let i = 1; i < 6; i++) {
      version = await (i % 2 === 0 ? store : other).compareAndSwap('head', version, bytes(`${i}`));
      expect(version).toBeDefined();
    }
    await other.putIfAbsent('later', bytes('x'));
    expect(await store.transact((blobs) => read(blobs, 'later'))).toBe('x');
  });

  test('names that git would act on are no keys', async () => {
    const store = open();
    for (const key of ['.gitattributes', '.gitmodules', 'a/.gitattributes', '.git/config', 'a/.git/hooks/post-update', 'head@']) {
      await expect(store.putIfAbsent(key, bytes('* filter=lfs'))).rejects.toMatchObject({ code: 'invalid-input' });
    }
    expect(server('for-each-ref')).toBe('');
  });

  test('what others commit beside it is left alone, and changes no bytes', async () => {
    const store = open();
    const given = 'one\r\ntwo\n$Id$';
    await store.putIfAbsent('a/text', bytes(given));
    commit({ '.gitattributes': '* text eol=crlf ident filter=lfs\n', 'README with blanks.md': 'not ours', ABC: '' });
    await store.putIfAbsent('a/later', bytes(given));
    const later = open();
    expect([await read(later, 'a/text'), await read(later, 'a/later')]).toEqual([given, given]);
    expect(server('show', 'log:README with blanks.md')).toBe('not ours');
    expect(server('cat-file', 'blob', 'log:a/later')).toBe(given);
  });

  test('a file in the place of a directory is named, and not replaced', async () => {
    const store = open();
    await store.putIfAbsent('a', bytes('kept'));
    await store.putIfAbsent('b/c', bytes('kept'));
    const refused = { code: 'unreachable', message: expect.stringContaining('is in the way') as string };
    await expect(store.putIfAbsent('a/b', bytes('x'))).rejects.toMatchObject(refused);
    await expect(store.compareAndSwap('b', undefined, bytes('x'))).rejects.toMatchObject(refused);
    await expect(
      store.transact(async (blobs) => [await blobs.putIfAbsent('d', bytes('x')), await blobs.putIfAbsent('d/e', bytes('x'))]),
    ).rejects.toMatchObject(refused);
    expect(await store.get('a/b')).toBeUndefined();
    await expect(store.get('b')).rejects.toMatchObject(refused);
    expect([await read(store, 'a'), await read(store, 'b/c'), await store.get('d')]).toEqual(['kept', 'kept', undefined]);
  });

  test('a blob too large to be read back is not written', async () => {
    const large = new Uint8Array(64 * 1024 * 1024 + 1);
    await expect(open().putIfAbsent('a', large)).rejects.toMatchObject({ code: 'invalid-input' });
    await expect(open().compareAndSwap('a', undefined, large)).rejects.toMatchObject({ code: 'invalid-input' });
    expect(server('for-each-ref')).toBe('');
  });
});

describe('a transaction', () => {
  const pushes = (): number => (existsSync(join(place, 'pushes')) ? readFileSync(join(place, 'pushes'), 'utf8').length : 0);
  beforeEach(() => hook('post-receive', `printf x >> ${place}/pushes`));

  test('of many writes is one commit and one push, and sees its own writes', async () => {
    const store = open();
    const result = await store.transact(async (blobs) => {
      for (let i = 0; i < 40; i++) await blobs.putIfAbsent(`records/${i}`, bytes(`${i}`));
      const version = await blobs.compareAndSwap('head', undefined, bytes('first'));
      expect(await blobs.compareAndSwap('head', undefined, bytes('not'))).toBeUndefined();
      expect(await blobs.compareAndSwap('head', version, bytes('second'))).toBeDefined();
      return [await blobs.putIfAbsent('records/7', bytes('again')), await read(blobs, 'head'), await read(blobs, 'records/39')];
    });
    expect(result).toEqual([false, 'second', '39']);
    expect([pushes(), heads().length]).toEqual([1, 1]);
    const other = open();
    expect([await read(other, 'head'), await read(other, 'records/7')]).toEqual(['second', '7']);
  });

  test('that only reads pushes nothing', async () => {
    const store = open();
    await store.putIfAbsent('a', bytes('x'));
    expect(await store.transact((blobs) => read(blobs, 'a'))).toBe('x');
    expect(await store.transact((blobs) => blobs.putIfAbsent('a', bytes('y')))).toBe(false);
    expect(pushes()).toBe(1);
  });

  test('whose work throws writes nothing', async () => {
    const store = open();
    const failing = store.transact(async (blobs) => {
      await blobs.putIfAbsent('a', bytes('x'));
      throw new RangeError('stop');
    });
    await expect(failing).rejects.toThrow(new RangeError('stop'));
    expect([pushes(), await store.get('a')]).toEqual([0, undefined]);
  });

  test('runs its work again on the new head where someone else was first', async () => {
    const [store, other] = [open(), open()];
    await store.compareAndSwap('count', undefined, bytes('1'));
    await other.get('count');
    const seen: (string | undefined)[] = [];
    await store.transact(async (blobs) => {
      const blob = await blobs.get('count');
      const now = Buffer.from(blob!.bytes).toString();
      seen.push(now);
      if (seen.length === 1) await other.compareAndSwap('count', blob!.version, bytes('2'));
      await blobs.compareAndSwap('count', blob!.version, bytes(`${Number(now) + 1}`));
      await blobs.putIfAbsent(`after/${now}`, bytes(now));
    });
    expect(seen).toEqual(['1', '2']);
    expect([await read(other, 'count'), await other.get('after/1'), await read(other, 'after/2')]).toEqual(['3', undefined, '2']);
    expect(pushes()).toBe(3);
  });

  test('cannot be written to once its work has ended', async () => {
    let kept: BlobStore | undefined;
    await open().transact(async (blobs) => {
      kept = blobs;
    });
    await expect(kept!.putIfAbsent('a', bytes('x'))).rejects.toThrow(/after its work had ended/);
  });

  test('shares its commit with calls that came at the same time, and keeps their answers apart', async () => {
    const store = open();
    await store.get('a');
    const first = store.putIfAbsent('first', bytes('x'));
    const together = await Promise.allSettled([
      store.putIfAbsent('a', bytes('1')),
      store.putIfAbsent('a', bytes('2')),
      store.transact(async (blobs) => {
        await blobs.putIfAbsent('b', bytes('not this'));
        throw new Error('mine alone');
      }),
      store.putIfAbsent('b', bytes('3')),
      store.transact(async (blobs) => Promise.all([1, 2, 3].map((i) => blobs.putIfAbsent('c', bytes(`${i}`))))),
    ]);
    expect([await first, ...together.map((one) => (one.status === 'fulfilled' ? one.value : String(one.reason)))]).toEqual([
      true,
      true,
      false,
      'Error: mine alone',
      true,
      [true, false, false],
    ]);
    expect([await read(store, 'a'), await read(store, 'b'), await read(store, 'c')]).toEqual(['1', '3', '1']);
    expect(pushes()).toBeLessThanOrEqual(2);
  });
});

test('the copy is this user’s alone, and goes with the process unless there is a cache', async () => {
  const code = `
    import { readdirSync } from 'node:fs';
    import { createGitStore } from ${JSON.stringify(new URL('git-store.ts', import.meta.url).href)};
    const store = createGitStore({ url: ${JSON.stringify(`file://${repository}`)}, branch: 'log' });
    await store.putIfAbsent('a/b', Buffer.from('x'));
    console.log(readdirSync(process.env.TMPDIR).join());`;
  const temporary = mkdtempSync(join(place, 'tmp-'));
  const env = { ...process.env, TMPDIR: temporary };
  const args = ['--conditions=source', '--input-type=module', '--eval', code];
  expect(execFileSync(process.execPath, args, { env, encoding: 'utf8', timeout: 20_000 })).toMatch(/^signwright-git-/);
  expect(execFileSync('ls', [temporary], { encoding: 'utf8' })).toBe('');
  const cache = join(place, 'cache');
  await open({ cache }).get('a/b');
  expect(statSync(cache).mode & 0o777).toBe(0o700);
});
