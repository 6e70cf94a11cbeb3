import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import type { BlobStore } from '@signwright/signing-core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDirectoryStore } from './directory-store.ts';

let place: string;
let store: BlobStore;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'signwright-processes-'));
  store = createDirectoryStore(place);
});
afterEach(() => rmSync(place, { recursive: true }));

/** Starts a process of its own that runs the code with `store` open on the same directory, and hears its lines. */
function start(code: string, onLine: (line: string) => void = () => undefined): ChildProcess {
  const source = `
    import { createDirectoryStore } from ${JSON.stringify(new URL('directory-store.ts', import.meta.url).href)};
    const store = createDirectoryStore(${JSON.stringify(place)});
    async function increment(key) {
      for (;;) {
        const blob = await store.get(key);
        const count = blob === undefined ? 1 : Number(Buffer.from(blob.bytes).toString()) + 1;
        if ((await store.compareAndSwap(key, blob?.version, Buffer.from(String(count)))) !== undefined) return count;
      }
    }
    ${code}`;
  const child = spawn(process.execPath, ['--conditions=source', '--input-type=module', '--eval', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  createInterface({ input: child.stdout }).on('line', onLine);
  return child;
}

async function count(key: string): Promise<number> {
  return Number(Buffer.from((await store.get(key))!.bytes).toString());
}

describe('many processes on one directory', () => {
  test('of 16 that increment one blob, each 20 times, none loses an increment', { timeout: 60_000 }, async () => {
    const counts: number[] = [];
    const children = Array.from({ length: 16 }, () =>
      start('for (let i = 0; i < 20; i++) console.log(await increment("index/count"));', (line) => counts.push(Number(line))),
    );
    const codes = await Promise.all(children.map(async (child) => ((await once(child, 'close')) as [number])[0]));
    expect(codes).toEqual(codes.map(() => 0));
    expect(await count('index/count')).toBe(320);
    expect(counts.sort((a, b) => a - b)).toEqual(Array.from({ length: 320 }, (_, i) => i + 1));
  });

  test('of 8 that write one key once, exactly one wrote, and all read its bytes', { timeout: 60_000 }, async () => {
    const lines: string[] = [];
    const code = `
      for (let i = 0; i < 50; i++) {
        const wrote = await store.putIfAbsent('once/' + i, Buffer.from(String(process.pid)));
        console.log(i, wrote, Buffer.from((await store.get('once/' + i)).bytes).toString(), process.pid);
      }`;
    await Promise.all(
      Array.from({ length: 8 }, () =>
        once(
          start(code, (line) => lines.push(line)),
          'close',
        ),
      ),
    );
    expect(lines).toHaveLength(400);
    for (let i = 0; i < 50; i++) {
      const said = lines.map((line) => line.split(' ')).filter(([key]) => key === `${i}`);
      const winners = said.filter(([, wrote]) => wrote === 'true');
      expect(winners).toHaveLength(1);
      expect(new Set(said.map(([, , read]) => read))).toEqual(new Set([winners[0]![3]]));
    }
  });
});

describe('processes killed at any moment', () => {
  test('leave a store that reads, with every write they were told of', { timeout: 120_000 }, async () => {
    const code = `
      for (let i = 0; ; i++) {
        console.log('count', await increment('index/count'));
        const key = 'once/' + process.pid + '-' + i;
        await store.putIfAbsent(key, Buffer.alloc(50_000, key));
        console.log('key', key);
      }`;
    let told = 0;
    const keys: string[] = [];
    const rounds = 12;
    for (let round = 0; round < rounds; round++) {
      const before = told;
      const counted: number[] = [];
      const child = start(code, (line) => {
        const [what, value = ''] = line.split(' ');
        if (what === 'key') keys.push(value);
        else counted.push(Number(value));
      });
      await once(child.stdout!, 'data');
      await wait(round * 5 + Math.random() * 5);
      child.kill('SIGKILL');
      await once(child, 'close');
      told = Math.max(before, ...counted);

      const now = await count('index/count');
      expect(now).toBeGreaterThanOrEqual(told);
      expect(now).toBeLessThanOrEqual(told + 1);
      told = now;
      for (const key of keys) expect(Buffer.compare((await store.get(key))!.bytes, Buffer.alloc(50_000, key))).toBe(0);
    }
    expect(keys.length).toBeGreaterThan(rounds);
    expect(readdirSync(join(place, 'index/count@')).length).toBeLessThanOrEqual(3 + 3);
  });
});
