import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import type { BlobStore, Transactions } from '@signwright/signing-core';
import { createGitStore } from '@signwright/storage';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { makeRepository } from './git-server.ts';

let place: string;
let reference: { url: string; branch: string };
const children = new Set<ChildProcess>();
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'signwright-git-processes-'));
  vi.stubEnv('TMPDIR', place);
  makeRepository(join(place, 'server.git'));
  reference = { url: `file://${place}/server.git`, branch: 'log' };
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  // What a killed process had started may still be writing.
  await wait(300);
  vi.unstubAllEnvs();
  rmSync(place, { recursive: true, maxRetries: 5 });
});

const STORAGE = new URL('../packages/services/storage/src/index.ts', import.meta.url).href;
const GIT = spawnSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).stdout.trim();

type Writer = { child: ChildProcess; said: string[]; ended: Promise<unknown> };
type WriterOptions = { cache?: string; path?: string; env?: Record<string, string> };

/** Starts a process of its own that runs the code with `store` open on the branch, and keeps what it says. */
function start(code: string, { cache, path, env }: WriterOptions = {}): Writer {
  const source = `
    import { createGitStore } from ${JSON.stringify(STORAGE)};
    const store = createGitStore(${JSON.stringify({ ...reference, ...(cache === undefined ? {} : { cache }), deadline: 60_000 })});
    const bytes = (text) => Buffer.from(text);
    async function increment(key) {
      for (;;) {
        const blob = await store.get(key);
        const count = blob === undefined ? 1 : Number(Buffer.from(blob.bytes).toString()) + 1;
        if ((await store.compareAndSwap(key, blob?.version, bytes(String(count)))) !== undefined) return count;
      }
    }
    ${code}`;
  const child = spawn(process.execPath, ['--conditions=source', '--input-type=module', '--eval', source], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, ...env, PATH: path === undefined ? process.env['PATH'] : `${path}:${process.env['PATH']}` },
  });
  children.add(child);
  const said: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => said.push(line));
  return { child, said, ended: once(child, 'close') };
}

/** Puts a git into a directory of its own that first runs the script. */
function wrapGit(script: string): string {
  const directory = join(place, 'bin');
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'git'), `#!/bin/sh\n${script}\nexec ${GIT} "$@"\n`, { mode: 0o755 });
  return directory;
}

const open = (cache?: string): BlobStore & Transactions =>
  createGitStore({ ...reference, ...(cache === undefined ? {} : { cache }) });

/** The keys of those that are not in the store with their own bytes. */
async function missing(keys: readonly string[]): Promise<string[]> {
  return open().transact(async (blobs) => {
    const lost: string[] = [];
    for (const key of keys) {
      const blob = await blobs.get(key);
      if (blob === undefined || Buffer.from(blob.bytes).toString() !== key) lost.push(key);
    }
    return lost;
  });
}

const WRITE_ONCE = `
  const key = 'once/' + process.pid + '-' + i;
  if (await store.putIfAbsent(key, bytes(key))) console.log('key', key);`;
const WRITE = `for (let i = 0; ; i++) { ${WRITE_ONCE} console.log('count', await increment('index/count')); }`;
const keysOf = (said: readonly string[]): string[] => said.flatMap((line) => (line.startsWith('key ') ? [line.slice(4)] : []));

describe('16 processes on one branch', () => {
  const PROCESSES = 16;
  const LIVES = 3;

  test('killed between every two writes, and amid them, lose nothing they were told of', { timeout: 300_000 }, async () => {
    const said: string[] = [];
    const cache = join(place, 'cache');
    const live = async (slot: number): Promise<void> => {
      for (let life = 0; life < LIVES; life++) {
        const writer = start(WRITE, slot % 2 === 0 ? { cache } : {});
        await once(writer.child.stdout as Readable, 'data');
        await wait(Math.random() * 200);
        writer.child.kill('SIGKILL');
        await writer.ended;
        said.push(...writer.said);
      }
    };
    await Promise.all(Array.from({ length: PROCESSES }, (_, slot) => live(slot)));

    const keys = keysOf(said);
    expect(keys.length).toBeGreaterThanOrEqual(PROCESSES * LIVES);
    expect(await missing(keys)).toEqual([]);
    const counts = said.flatMap((line) => (line.startsWith('count ') ? [Number(line.slice(6))] : []));
    expect(new Set(counts).size).toBe(counts.length);
    const count = Number(Buffer.from((await open(cache).get('index/count'))?.bytes ?? []).toString());
    expect(count).toBeGreaterThanOrEqual(Math.max(0, ...counts));
    execFileSync('git', ['-C', join(place, 'server.git'), 'fsck', '--strict'], { stdio: 'ignore' });
  });
});

describe('of two processes on one branch, one that is overtaken as it pushes', () => {
  /**
   * One has read the branch and is held where it would push; another writes; then the first goes on.
   * With the swap taken out of the push, Git itself swaps from what it finds when it connects, which is the other's write.
   */
  async function overtake(push: string): Promise<string[]> {
    const path = wrapGit(`case " $* " in *" push "*)
      : > ${place}/held; while [ -e ${place}/held ] && [ ! -e ${place}/overtaken ]; do sleep 0.02; done
      ${push} ;; esac`);
    const writer = start(`const i = 1; ${WRITE_ONCE}`, { path });
    await vi.waitUntil(() => existsSync(join(place, 'held')), { timeout: 60_000 });
    expect(await open().putIfAbsent('other', Buffer.from('other'))).toBe(true);
    writeFileSync(join(place, 'overtaken'), '');
    await writer.ended;
    expect(keysOf(writer.said)).toHaveLength(1);
    return missing(['other', ...keysOf(writer.said)]);
  }

  test('keeps what the other wrote', { timeout: 120_000 }, async () => {
    expect(await overtake('')).toEqual([]);
  });

  test('loses it when the compare-and-swap is taken out of its push', { timeout: 120_000 }, async () => {
    expect(
      await overtake(`for a; do case "$a" in --force-with-lease=*) a=--force;; esac; set -- "$@" "$a"; shift; done`),
    ).toEqual(['other']);
  });
});

describe('a process killed at every step', () => {
  test.each(['before', 'after'])(
    '%s git was started there, leaves whole transactions and a cache that works',
    { timeout: 300_000 },
    async (when) => {
      const cache = join(place, 'cache');
      const counter = join(place, 'counter');
      // cat-file goes on for as long as the process does.
      const passed = `case " $* " in *" cat-file "*) exec ${GIT} "$@";; esac`;
      const kill = when === 'before' ? 'kill -9 $PPID; exit 1' : `${GIT} "$@"; kill -9 $PPID; exit 1`;
      const count = `printf x >> ${counter}; [ "$(wc -c < ${counter})" -ne "$AT" ] || { ${kill}; }`;
      const path = wrapGit(when === 'before' ? count : `${passed}\n${count}`);
      let finished = false;
      let step = 0;
      while (!finished) {
        step++;
        rmSync(counter, { force: true });
        const key = (name: string): string => `${when}/${step}/${name}`;
        const writer = start(
          `await store.transact(async (blobs) => {
           await blobs.putIfAbsent('${key('a')}', bytes('${key('a')}'));
           await blobs.putIfAbsent('${key('b')}', bytes('${key('b')}'));
         });
         console.log('key ${key('a')}');
         await increment('count');
         await store.putIfAbsent('${key('c')}', bytes('${key('c')}'));
         console.log('key ${key('c')}');
         console.log('finished');`,
          { cache, path, env: { AT: String(step) } },
        );
        await writer.ended;
        finished = writer.said.includes('finished');
        // What it had started ends on its own.
        await wait(100);
        expect(await missing(keysOf(writer.said))).toEqual([]);
        const after = open(cache);
        const [a, b] = [await after.get(key('a')), await after.get(key('b'))];
        expect(a === undefined).toBe(b === undefined);
        expect(await after.putIfAbsent(key('d'), Buffer.from(key('d')))).toBe(true);
      }
      expect(step).toBeGreaterThan(8);
    },
  );
});
