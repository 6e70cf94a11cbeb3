import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BlobStore, Transactions } from '@signwright/signing-core';
import { createGitStore, type GitStoreOptions, parseGitReference } from '@signwright/storage';
import { blobStoreContract } from '@signwright/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type GitServer, makeRepository, startGitServer } from './git-server.ts';

let root: string;
let server: GitServer;
let made = 0;
let name: string;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'signwright-git-server-'));
  vi.stubEnv('TMPDIR', root);
  server = await startGitServer(root);
});
afterAll(async () => {
  await server.close();
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});
beforeEach(() => {
  name = `${made++}.git`;
  makeRepository(join(root, name));
});
afterEach(() => {
  server.fault = undefined;
});

const TOKEN = { PATH: process.env['PATH'], HOME: tmpdir(), CI_JOB_TOKEN: 'job-secret' };
const bytes = (content: string): Uint8Array => Buffer.from(content);
const open = (options: Partial<GitStoreOptions> = {}): BlobStore & Transactions =>
  createGitStore({
    ...parseGitReference(`git+${server.origin}/${name}#log`),
    tokenEnv: 'CI_JOB_TOKEN',
    environment: TOKEN,
    ...options,
  });
const git = (...args: string[]): string => execFileSync('git', ['-C', join(root, name), ...args], { encoding: 'utf8' }).trim();
const commits = (): number => Number(git('rev-list', '--count', '--all'));

blobStoreContract('the git store over http', () => ({ open }));

describe('over http with a job token', () => {
  test('the token goes to the server, and neither into an argument nor onto the disk', async () => {
    const place = mkdtempSync(join(root, 'watched-'));
    const real = spawnSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).stdout.trim();
    writeFileSync(join(place, 'git'), `#!/bin/sh\necho "$@" >> ${place}/arguments\nexec ${real} "$@"\n`, { mode: 0o755 });
    const environment = { ...TOKEN, PATH: `${place}:${TOKEN.PATH}`, HOME: place };
    const cache = join(place, 'cache');
    const store = open({ environment, cache });
    await store.compareAndSwap('head', undefined, bytes('x'));
    await open({ environment, cache }).get('head');
    expect(server.requests.every((request) => request.endsWith(' gitlab-ci-token:job-secret'))).toBe(true);
    const secrets = ['job-secret', Buffer.from('gitlab-ci-token:job-secret').toString('base64')];
    expect(readFileSync(join(place, 'arguments'), 'utf8')).toContain('push');
    const own = readdirSync(tmpdir()).filter((entry) => entry.startsWith('signwright-git-'));
    for (const secret of secrets) {
      const places = [place, ...own.map((entry) => join(tmpdir(), entry))];
      expect(
        spawnSync('grep', ['-r', '--fixed-strings', '--files-with-matches', secret, ...places], { encoding: 'utf8' }).stdout,
      ).toBe('');
    }
  });

  test.each([
    ['a wrong token', { CI_JOB_TOKEN: 'other-secret' }, /does not accept the credentials/],
    ['a token of another user', { CI_JOB_TOKEN: 'read-secret' }, /does not accept the credentials/],
  ])('%s is refused at once, and not repeated', async (_, variables, message) => {
    const store = open({ environment: { ...TOKEN, ...variables } });
    for (const call of [() => store.get('a'), () => store.putIfAbsent('a', bytes('x'))]) {
      const error = await call().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({
        code: 'configuration',
        message,
        next: expect.stringMatching(/token/) as string,
        where: `${server.origin}/${name}#log`,
      });
      expect(JSON.stringify(error)).not.toMatch(/secret/);
    }
  });

  test('a token that expires midway is named, and nothing is written', async () => {
    const store = open();
    await store.putIfAbsent('a', bytes('x'));
    const { write } = server.users;
    server.users.write = 'gitlab-ci-token:newer-secret';
    try {
      await expect(store.putIfAbsent('b', bytes('x'))).rejects.toMatchObject({
        code: 'configuration',
        message: expect.stringMatching(/credentials/) as string,
      });
    } finally {
      server.users.write = write;
    }
    expect(commits()).toBe(1);
    expect(await store.putIfAbsent('b', bytes('x'))).toBe(true);
  });

  test('a token that may only read reads, and is told what writing needs', async () => {
    await open().putIfAbsent('a', bytes('x'));
    const reader = open({ tokenEnv: 'READ', tokenUser: 'reader', environment: { ...TOKEN, READ: 'read-secret' } });
    expect(await reader.get('a')).toBeDefined();
    const denied = {
      code: 'configuration',
      message: expect.stringMatching(/does not allow it/) as string,
      next: expect.stringMatching(/Allow Git push requests/) as string,
    };
    await expect(reader.putIfAbsent('b', bytes('x'))).rejects.toMatchObject(denied);
  });

  test('what the server says is repeated without the token', async () => {
    const secrets = ['job-secret', Buffer.from('gitlab-ci-token:job-secret').toString('base64')];
    writeFileSync(join(root, name, 'hooks/pre-receive'), `#!/bin/sh\necho "no, ${secrets.join(', ')}" >&2\nexit 1\n`, {
      mode: 0o755,
    });
    await expect(open().putIfAbsent('a', bytes('x'))).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringMatching(/no, \*\*\*, \*\*\*/) as string,
    });
  });

  test('no such repository, a server that breaks, and one that is not there', async () => {
    const url = `${server.origin}/none.git`;
    await expect(open({ url }).get('a')).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringMatching(/no such repository/) as string,
    });
    await expect(open({ url: 'http://127.0.0.1:9/a.git' }).get('a')).rejects.toMatchObject({ code: 'unreachable' });
    server.fault = { of: /./, what: 'breaks' };
    await expect(open().get('a')).rejects.toMatchObject({ code: 'unreachable', message: expect.stringMatching(/503/) as string });
  });

  test('a redirect is not followed, so that the token stays with the server it is for', async () => {
    server.fault = { of: /GET/, what: 'redirects' };
    await expect(open().get('a')).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringMatching(/redirect/) as string,
    });
  });
});

describe('faults', () => {
  const PUSH = /POST .*receive-pack/;

  test('a write whose answer is lost after it took effect is found out, and not written twice', async () => {
    const store = open();
    await store.compareAndSwap('head', undefined, bytes('1'));
    server.fault = { of: PUSH, what: 'dropped' };
    expect(await store.putIfAbsent('a', bytes('x'))).toBe(true);
    const { version } = (await store.get('head'))!;
    const next = await store.compareAndSwap('head', version, bytes('2'));
    expect(next).toBeDefined();
    expect(await store.compareAndSwap('head', version, bytes('3'))).toBeUndefined();
    server.fault = undefined;
    expect((await open().get('head'))?.version).toBe(next);
    expect(commits()).toBe(3);
  });

  test('so is the first write of all, which makes the branch', async () => {
    server.fault = { of: PUSH, what: 'dropped' };
    expect(await open().putIfAbsent('a', bytes('x'))).toBe(true);
    expect(commits()).toBe(1);
  });

  test('a write that was cut off before it took effect says that the server was not reached', async () => {
    const store = open();
    await store.putIfAbsent('a', bytes('x'));
    server.fault = { of: PUSH, what: 'cut' };
    const before = server.requests.length;
    await expect(store.putIfAbsent('b', bytes('x'))).rejects.toMatchObject({ code: 'unreachable' });
    // Not pushed again as another commit (curl repeats a request once): for all that is known, this one may yet take effect.
    expect(server.requests.slice(before).filter((request) => PUSH.test(request)).length).toBeLessThan(3);
    server.fault = undefined;
    expect([commits(), await store.get('b'), await store.putIfAbsent('b', bytes('y'))]).toEqual([1, undefined, true]);
  });

  test.each([/./, PUSH, /POST .*upload-pack/])('a server that hangs at %s is given up at the deadline', async (of) => {
    await open().compareAndSwap('head', undefined, bytes('1'));
    const store = open({ deadline: 2000 });
    if (of === PUSH) await store.get('head');
    server.fault = { of, what: 'hangs' };
    const began = performance.now();
    const late = { code: 'unreachable', message: expect.stringMatching(/in time/) as string };
    await expect(of === PUSH ? store.putIfAbsent('a', bytes('x')) : store.get('head')).rejects.toMatchObject(late);
    expect(performance.now() - began).toBeLessThan(4000);
    server.fault = undefined;
    expect(await store.putIfAbsent('b', bytes('x'))).toBe(true);
  });
});

describe('what is fetched', () => {
  const LARGE = randomBytes(1_000_000);
  beforeEach(async () => {
    const store = open();
    for (let i = 0; i < 5; i++) await store.putIfAbsent(`large/${i}`, LARGE.subarray(i));
    await store.compareAndSwap('head', undefined, bytes('x'));
  });

  test('is the newest commit and the blobs that are read, each once', async () => {
    const before = server.sent();
    const store = open();
    await store.get('head');
    expect(server.sent() - before).toBeLessThan(20_000);
    for (const _ of [1, 2]) expect(Buffer.compare((await store.get('large/3'))!.bytes, LARGE.subarray(3))).toBe(0);
    expect(server.sent() - before).toBeLessThan(1_100_000);
  });

  test('is found in the cache by later processes', async () => {
    const cache = join(root, `cache-${name}`);
    await open({ cache }).get('large/3');
    const before = server.sent();
    const later = open({ cache });
    expect((await later.get('large/3'))?.bytes).toHaveLength(1_000_000 - 3);
    expect(await later.putIfAbsent('small', bytes('x'))).toBe(true);
    expect(server.sent() - before).toBeLessThan(20_000);
  });

  test('is all of the newest commit, and nothing older, where the server sends no single objects', async () => {
    git('config', 'uploadpack.allowFilter', 'false');
    const writer = open();
    let version = await writer.compareAndSwap('swapped', undefined, randomBytes(1_000_000));
    for (let i = 0; i < 3; i++) version = await writer.compareAndSwap('swapped', version, randomBytes(1_000_000));
    const before = server.sent();
    const store = open();
    expect((await store.get('large/0'))?.bytes).toHaveLength(1_000_000);
    expect(server.sent() - before).toBeLessThan(2_700_000);
    expect(await store.putIfAbsent('small', bytes('x'))).toBe(true);
    expect(await open().get('small')).toBeDefined();
  });

  test('in order, is fetched ahead', async () => {
    await open().transact(async (blobs) => {
      for (let i = 100; i < 200; i++) await blobs.putIfAbsent(`segments/${i}`, bytes(`segment ${i}`));
    });
    const store = open();
    await store.get('head');
    const before = server.requests.length;
    for (let i = 100; i < 200; i++)
      expect(Buffer.from((await store.get(`segments/${i}`))!.bytes).toString()).toBe(`segment ${i}`);
    expect(server.requests.length - before).toBeLessThan(40);
  });
});

test('the cache is this user’s alone', async () => {
  const cache = join(root, `cache-${name}`);
  mkdirSync(cache, { mode: 0o700 });
  await open({ cache }).get('a');
  for (const entry of readdirSync(cache)) expect(statSync(join(cache, entry)).mode & 0o077).toBe(0);
});
