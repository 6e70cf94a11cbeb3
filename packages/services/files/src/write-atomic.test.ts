import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mountTmpfs, runUnprivileged, whyNoMount, whyNotUnprivileged } from '@signwright/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeAtomic } from './write-atomic.ts';
import { writeAtomicAll } from './write-atomic-all.ts';

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'signwright-write-'));
});
afterEach(() => rmSync(place, { recursive: true }));
const at = (name: string): string => join(place, name);

describe('writeAtomic', () => {
  test('writes a new file, replaces an old one, and leaves nothing beside it', async () => {
    await writeAtomic(at('f'), 'one');
    await writeAtomic(at('f'), Buffer.from('two'));
    expect(readFileSync(at('f'), 'utf8')).toBe('two');
    expect(readdirSync(place)).toEqual(['f']);
  });

  test('gives the file the mode asked for, from its first moment', async () => {
    await writeAtomic(at('f'), 'secret', { mode: 0o600 });
    expect(statSync(at('f')).mode & 0o777).toBe(0o600);
  });

  test('a reader sees the old bytes or the new ones, never half', async () => {
    const versions = ['a', 'b'].map((letter) => letter.repeat(2_000_000));
    await writeAtomic(at('f'), versions[0]!);
    const seen = new Set<string>();
    const look = (): void => {
      const content = readFileSync(at('f'), 'utf8');
      seen.add(versions.includes(content) ? 'whole' : `half: ${content.length}`);
    };
    const looking = setInterval(look, 0);
    for (let i = 1; i < 10; i++) await writeAtomic(at('f'), versions[i % 2]!);
    clearInterval(looking);
    expect([...seen]).toEqual(['whole']);
  });

  test('a symbolic link is replaced; what it led to stays as it was', async () => {
    writeFileSync(at('elsewhere'), 'untouched');
    symlinkSync(at('elsewhere'), at('f'));
    await writeAtomic(at('f'), 'new');
    expect([readFileSync(at('f'), 'utf8'), readFileSync(at('elsewhere'), 'utf8')]).toEqual(['new', 'untouched']);
  });

  test('a directory in its place is refused, and nothing is left beside it', async () => {
    mkdirSync(at('f'));
    await expect(writeAtomic(at('f'), 'new')).rejects.toMatchObject({
      code: 'configuration',
      where: at('f'),
      message: /it is a directory/,
    });
    expect(readdirSync(place)).toEqual(['f']);
  });

  test('a missing directory is the user’s to make', async () => {
    await expect(writeAtomic(at('missing/f'), 'new')).rejects.toMatchObject({
      code: 'configuration',
      next: /make the directory/,
    });
  });
});

describe('writeAtomicAll', () => {
  const files = (count: number): { path: string; bytes: string }[] =>
    Array.from({ length: count }, (_, i) => ({ path: at(`${i}`), bytes: `bytes ${i}` }));

  test('writes each file with its own bytes and mode', async () => {
    mkdirSync(at('other'));
    await writeAtomicAll([...files(50), { path: at('other/key'), bytes: 'secret', mode: 0o600 }]);
    for (const { path, bytes } of files(50)) expect(readFileSync(path, 'utf8')).toBe(bytes);
    expect(statSync(at('other/key')).mode & 0o777).toBe(0o600);
    expect(readdirSync(place)).toHaveLength(51);
  });

  test('where one cannot be written none appears, and nothing is left beside them', async () => {
    await expect(writeAtomicAll([...files(50), { path: at('missing/f'), bytes: '' }])).rejects.toMatchObject({
      code: 'configuration',
      where: at('missing/f'),
    });
    expect(readdirSync(place)).toEqual([]);
  });

  test('a stop leaves nothing', async () => {
    const stop = new AbortController();
    const writing = writeAtomicAll(files(200), { signal: stop.signal, concurrency: 2 });
    setTimeout(() => stop.abort(), 5);
    await expect(writing).rejects.toMatchObject({ code: 'cancelled' });
    expect(readdirSync(place)).toEqual([]);
  });

  test('of two entries for one path one is refused before anything is written', async () => {
    await expect(writeAtomicAll([...files(1), ...files(2)])).rejects.toMatchObject({ code: 'configuration', where: at('0') });
    expect(readdirSync(place)).toEqual([]);
  });
});

const whyNot = whyNotUnprivileged();
describe.skipIf(whyNot !== undefined)(`permissions${whyNot === undefined ? '' : ` (skipped: ${whyNot})`}`, () => {
  test('a directory that may not be written to is named', () => {
    chmodSync(place, process.getuid?.() === 0 ? 0o755 : 0o555);
    const error = runUnprivileged(`
      import { writeAtomic } from ${JSON.stringify(new URL('write-atomic.ts', import.meta.url).href)};
      const error = await writeAtomic(${JSON.stringify(at('f'))}, 'new').catch((e) => e);
      console.log(JSON.stringify({ code: error.code, message: error.message }));`);
    chmodSync(place, 0o755);
    expect(error).toEqual({ code: 'unreachable', message: `cannot write ${at('f')}: permission denied` });
  });
});

const noMount = whyNoMount();
describe.skipIf(noMount !== undefined)(`disks${noMount === undefined ? '' : ` (skipped: ${noMount})`}`, () => {
  test('a full disk leaves the old bytes and nothing else', async () => {
    const unmount = mountTmpfs(place, 'size=1m');
    try {
      await writeAtomic(at('f'), 'old');
      const full = { code: 'unreachable', message: `cannot write ${at('f')}: the disk is full`, next: /free space/ };
      await expect(writeAtomic(at('f'), Buffer.alloc(2_000_000))).rejects.toMatchObject(full);
      const many = Array.from({ length: 20 }, (_, i) => ({ path: at(`${i}`), bytes: Buffer.alloc(100_000) }));
      await expect(writeAtomicAll(many)).rejects.toMatchObject({ code: 'unreachable', message: /the disk is full/ });
      expect(readdirSync(place)).toEqual(['f']);
      expect(readFileSync(at('f'), 'utf8')).toBe('old');
    } finally {
      unmount();
    }
  });

  test('a read-only file system is named', async () => {
    const unmount = mountTmpfs(place, 'ro');
    try {
      await expect(writeAtomic(at('f'), 'new')).rejects.toMatchObject({ code: 'unreachable', message: /read-only/ });
      expect(existsSync(at('f'))).toBe(false);
    } finally {
      unmount();
    }
  });
});
