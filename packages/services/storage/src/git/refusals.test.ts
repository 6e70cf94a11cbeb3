import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BlobStore, Transactions } from '@signwright/signing-core';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createGitStore, type GitStoreOptions } from './git-store.ts';

let place: string;
let repository: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'signwright-refusals-'));
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
const server = (...args: string[]): string => execFileSync('git', ['-C', repository, ...args], { encoding: 'utf8' }).trim();
const head = (): string => server('rev-parse', 'log');
/** A program in a directory that comes first on PATH. */
function program(name: string, script: string): { PATH: string } {
  const directory = join(place, 'bin');
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return { PATH: `${directory}:${process.env['PATH']}` };
}

describe('a branch that was rewritten', () => {
  /** Another commit in the place of the newest one, as by `git push --force`. */
  function rewrite(): { old: string; now: string } {
    const old = head();
    const identity = ['-c', 'user.name=a', '-c', 'user.email=a@acme.example'];
    const now = server(...identity, 'commit-tree', `${old}^{tree}`, '-p', `${old}^`, '-m', 'forged');
    server('update-ref', 'refs/heads/log', now);
    return { old, now };
  }
  const written = async (store: BlobStore): Promise<void> => {
    await store.putIfAbsent('a', bytes('1'));
    await store.putIfAbsent('b', bytes('2'));
  };

  test('is told from one that grew, with both commits and what to do', async () => {
    const store = open();
    await written(store);
    const { old, now } = rewrite();
    const found = {
      code: 'verification',
      message: `the branch was rewritten: its newest commit ${now} does not come after ${old}, which was seen on it before`,
      where: `file://${repository}#log`,
      next: expect.stringContaining(`git push --force file://${repository} ${old}:refs/heads/log`) as string,
    };
    for (const again of [1, 2]) await expect(store.get(`c${again}`)).rejects.toMatchObject(found);
    await expect(store.putIfAbsent('c', bytes('x'))).rejects.toMatchObject(found);
    await expect(store.compareAndSwap('d', undefined, bytes('x'))).rejects.toMatchObject(found);
    expect(head()).toBe(now);
  });

  test('is noticed by a later process that has the cache', async () => {
    const cache = join(place, 'cache');
    await written(open({ cache }));
    const { old, now } = rewrite();
    for (const _ of [1, 2]) {
      const message = expect.stringMatching(`${now} does not come after ${old}`) as string;
      await expect(open({ cache }).get('a')).rejects.toMatchObject({ code: 'verification', message });
    }
    server('update-ref', 'refs/heads/log', old);
    expect(await open({ cache }).get('a')).toBeDefined();
  });

  test('is noticed where it was put back to an older commit, also by a write', async () => {
    const store = open();
    await written(store);
    const old = head();
    server('update-ref', 'refs/heads/log', `${old}^`);
    await expect(store.putIfAbsent('c', bytes('x'))).rejects.toMatchObject({ code: 'verification' });
    expect(server('rev-list', '--count', 'log')).toBe('1');
  });

  test('is noticed where it was deleted, and is not made anew', async () => {
    const store = open();
    await written(store);
    const old = head();
    server('update-ref', '-d', 'refs/heads/log');
    const gone = { code: 'verification', message: `the branch is gone; the commit ${old} was seen on it before` };
    await expect(store.get('c')).rejects.toMatchObject(gone);
    await expect(store.putIfAbsent('c', bytes('x'))).rejects.toMatchObject(gone);
    expect(server('for-each-ref')).toBe('');
  });

  test('by a commit that takes back our last one is no rewrite, and the taken back version is not current', async () => {
    const store = open();
    const first = await store.compareAndSwap('head', undefined, bytes('1'));
    const second = await store.compareAndSwap('head', first, bytes('2'));
    const identity = ['-c', 'user.name=a', '-c', 'user.email=a@acme.example'];
    server('update-ref', 'refs/heads/log', server(...identity, 'commit-tree', 'log~^{tree}', '-p', 'log', '-m', 'Revert'));
    expect(Buffer.from((await store.get('head'))!.bytes).toString()).toBe('1');
    expect(await store.compareAndSwap('head', second, bytes('3'))).toBeUndefined();
  });
});

describe('what the server refuses', () => {
  const refuse = (script: string): void =>
    writeFileSync(join(repository, 'hooks/pre-receive'), `#!/bin/sh\n${script}\nexit 1\n`, { mode: 0o755 });

  test('is said in its own words, on one line and without control characters', async () => {
    refuse(`printf 'You are not allowed to \\033[31mpush to protected branches\\n\\nask acme\\n' >&2`);
    await expect(open().putIfAbsent('a', bytes('x'))).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringMatching(
        /^the server refuses the push, .*pre-receive hook declined.*protected branches; remote: ask acme[^\x00-\x1f]*$/,
      ) as string,
      next: expect.stringContaining('allow this identity to push') as string,
    });
    expect(server('for-each-ref')).toBe('');
  });

  test('is not tried again, and leaves the store usable', async () => {
    refuse(`printf x >> ${place}/tries`);
    const store = open();
    await expect(store.putIfAbsent('a', bytes('x'))).rejects.toMatchObject({ code: 'configuration' });
    expect(readFileSync(join(place, 'tries'), 'utf8')).toBe('x');
    rmSync(join(repository, 'hooks/pre-receive'));
    expect(await store.putIfAbsent('a', bytes('x'))).toBe(true);
  });

  test('a lock that another writer holds for a moment is waited for', async () => {
    const store = open();
    await store.putIfAbsent('a', bytes('x'));
    writeFileSync(join(repository, 'refs/heads/log.lock'), '');
    setTimeout(() => rmSync(join(repository, 'refs/heads/log.lock')), 300);
    expect(await store.putIfAbsent('b', bytes('x'))).toBe(true);
  });
});

describe('what cannot be used', () => {
  test('no repository there', async () => {
    rmSync(repository, { recursive: true });
    const none = { code: 'configuration', message: expect.stringContaining('there is no such repository') as string };
    await expect(open().get('a')).rejects.toMatchObject({ ...none, where: `file://${repository}#log` });
    await expect(open().putIfAbsent('a', bytes('x'))).rejects.toMatchObject(none);
  });

  test('a repository that names objects by SHA-256', async () => {
    rmSync(repository, { recursive: true });
    execFileSync('git', ['init', '--quiet', '--bare', '--object-format=sha256', repository]);
    await expect(open().putIfAbsent('a', bytes('x'))).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringMatching(/SHA-256/) as string,
    });
  });

  test('no git on PATH, and one that is too old', async () => {
    mkdirSync(join(place, 'empty'));
    const none = open({ environment: { PATH: join(place, 'empty') } });
    await expect(none.get('a')).rejects.toMatchObject({
      code: 'configuration',
      next: expect.stringMatching(/install git 2\.31/) as string,
    });
    const old = open({ environment: program('git', 'echo git version 2.30.9') });
    await expect(old.get('a')).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringMatching(/too old.*2\.30\.9/) as string,
    });
  });

  test('a cache that others may write to, or that is a file', async () => {
    const cache = join(place, 'cache');
    mkdirSync(cache);
    chmodSync(cache, 0o777);
    await expect(open({ cache }).get('a')).rejects.toMatchObject({
      code: 'configuration',
      next: expect.stringContaining('chmod 700'),
    });
    writeFileSync(join(place, 'file'), '');
    await expect(open({ cache: join(place, 'file') }).get('a')).rejects.toMatchObject({ code: 'unreachable' });
  });
});

describe('the user’s own git', () => {
  test('with hooks, housekeeping and variables that lead elsewhere is not let in', async () => {
    mkdirSync(join(place, 'hooks'));
    for (const name of ['pre-push', 'reference-transaction', 'post-checkout', 'pre-auto-gc']) {
      const elsewhere = `case "$PWD" in ${repository}) exit 0;; esac`;
      writeFileSync(join(place, 'hooks', name), `#!/bin/sh\n${elsewhere}\ntouch ${place}/ran-${name}\nexit 1\n`, { mode: 0o755 });
    }
    writeFileSync(
      join(place, 'gitconfig'),
      `[core]\n\thooksPath = ${place}/hooks\n[gc]\n\tauto = 1\n[push]\n\tgpgSign = true\n\tfollowTags = true\n[fetch]\n\tprune = true\n[commit]\n\tgpgSign = true\n`,
    );
    const elsewhere = { GIT_DIR: '/nonexistent', GIT_INDEX_FILE: '/nonexistent', GIT_OBJECT_DIRECTORY: '/nonexistent' };
    const environment = { ...process.env, ...elsewhere, GIT_CONFIG_GLOBAL: join(place, 'gitconfig') };
    const store = open({ environment });
    expect(await store.putIfAbsent('a', bytes('x'))).toBe(true);
    expect(await open({ environment }).get('a')).toBeDefined();
    expect(readdirSync(place).filter((name) => name.startsWith('ran-'))).toEqual([]);
  });

  test('that hangs is killed at the deadline with all it started', async () => {
    const real = spawnSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).stdout.trim();
    await open().putIfAbsent('a', bytes('x'));
    const hangs = `case " $* " in *" $HANGS "*) sleep 600 & echo $! > ${place}/pid; wait;; esac; exec ${real} "$@"`;
    for (const call of ['fetch', 'push', 'cat-file', 'fast-import']) {
      const store = open({ deadline: 1500, environment: { ...process.env, ...program('git', hangs), HANGS: call } });
      const began = performance.now();
      const late = { code: 'unreachable', message: 'no answer from git in time' };
      await expect(store.compareAndSwap('b', undefined, bytes('x'))).rejects.toMatchObject(late);
      expect(performance.now() - began).toBeLessThan(6000);
      const pid = readFileSync(join(place, 'pid'), 'utf8').trim();
      await expect.poll(() => !existsSync(`/proc/${pid}`) || / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))).toBe(true);
    }
  });

  test('that hung once is started again', async () => {
    const real = spawnSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).stdout.trim();
    await open().putIfAbsent('a', bytes('x'));
    const hangs = `case " $* " in *" cat-file "*) [ -e ${place}/hung ] || { touch ${place}/hung; sleep 600; };; esac; exec ${real} "$@"`;
    const store = open({ deadline: 2000, environment: { ...process.env, ...program('git', hangs) } });
    await expect(store.get('a')).rejects.toMatchObject({ code: 'unreachable' });
    expect(await store.get('a')).toBeDefined();
  });

  test('does not make others’ being first look like a server that is down', async () => {
    const [store, other] = [open({ deadline: 3000 }), open()];
    await other.putIfAbsent('a', bytes('x'));
    let runs = 0;
    const never = store.transact(async (blobs) => {
      await other.putIfAbsent(`others/${runs++}`, bytes('x'));
      await blobs.putIfAbsent('mine', bytes('x'));
    });
    await expect(never).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/others were first each time within 3 s/) as string,
    });
    expect(runs).toBeGreaterThan(2);
  });
});
