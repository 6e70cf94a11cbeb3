import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  closeSync,
  openSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runUnprivileged, whyNotUnprivileged } from '@signwright/testkit';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findFiles } from './find-files.ts';
import { hashFile } from './hash-file.ts';
import { hashFiles } from './hash-files.ts';

const MIB = 1024 * 1024;
let place: string;
beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'signwright-hash-'));
});
afterEach(() => rm(place, { recursive: true }));

const at = (name: string): string => join(place, name);
const digestOf = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
/** Bytes in which no two places are alike, so that chunks out of order would show. */
const patterned = (length: number): Buffer => {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i + 4 <= length; i += 4) bytes.writeUInt32LE(i, i);
  return bytes;
};

describe('digests', () => {
  test.each([
    ['the empty file', '', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['FIPS 180-2 B.1', 'abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  ])('%s', async (_, content, hex) => {
    await writeFile(at('f'), content);
    expect(await hashFile(at('f'))).toEqual({ path: at('f'), digest: `sha256:${hex}`, size: content.length });
  });

  test.each([1, 256 * 1024, 256 * 1024 + 1, MIB, MIB + 1, 2 * MIB, 5 * MIB - 1])('of %i bytes', async (length) => {
    const bytes = patterned(length);
    await writeFile(at('f'), bytes);
    expect(await hashFile(at('f'))).toEqual({ path: at('f'), digest: digestOf(bytes), size: length });
  });

  test('of many files at once come in the order asked, from buffers that are used again', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(0, 1, 4096, 300_000, MIB + 7), { maxLength: 12 }), async (lengths) => {
        const contents = lengths.map((length, i) => Buffer.concat([patterned(length), Buffer.from(`${i}`)]));
        await Promise.all(contents.map((content, i) => writeFile(at(`f${i}`), content)));
        const hashed = await hashFiles(
          contents.map((_, i) => ({ path: at(`f${i}`) })),
          { concurrency: 3 },
        );
        expect(hashed.map(({ digest }) => digest)).toEqual(contents.map(digestOf));
      }),
      { numRuns: 15 },
    );
  });

  test('progress counts up to all files and bytes', async () => {
    for (const name of ['a', 'b', 'c']) await writeFile(at(name), patterned(MIB + 1));
    const seen: { files: number; bytes: number }[] = [];
    await hashFiles(await findFiles(place, ['.']), { onProgress: (progress) => seen.push(progress) });
    expect(seen.at(-1)).toEqual({ files: 3, bytes: 3 * (MIB + 1) });
    for (const [i, { bytes }] of seen.entries()) expect(bytes).toBeGreaterThanOrEqual(seen[i - 1]?.bytes ?? 0);
  });
});

describe('a file that changes while it is hashed is refused', () => {
  const writeAt = (position: number): void => {
    const file = openSync(at('f'), 'r+');
    writeSync(file, 'other', position);
    closeSync(file);
  };
  const replace = (): void => {
    writeFileSync(at('new'), patterned(5 * MIB));
    renameSync(at('new'), at('f'));
  };

  test.each<[string, () => void]>([
    ['written to before where the reading is', () => writeAt(0)],
    ['written to after where the reading is', () => writeAt(4 * MIB)],
    ['longer', () => appendFileSync(at('f'), 'more')],
    ['shorter', () => truncateSync(at('f'), 3 * MIB)],
    ['replaced by a file of the same bytes', replace],
    ['removed', () => unlinkSync(at('f'))],
    [
      'given the time it had before',
      () => {
        writeAt(0);
        utimesSync(at('f'), 1, 1);
      },
    ],
  ])('%s', async (_, change) => {
    writeFileSync(at('f'), patterned(5 * MIB));
    utimesSync(at('f'), 1, 1);
    let changes = 0;
    const onProgress = (): void => {
      if (changes++ === 0) change();
    };
    const refusal = { code: 'invalid-input', message: `${at('f')} changed while it was hashed`, where: at('f'), next: /finish/ };
    await expect(hashFile(at('f'), { onProgress })).rejects.toMatchObject(refusal);
    expect(changes).toBeGreaterThan(0);
  });

  test('a small one, read in one go', async () => {
    writeFileSync(at('f'), 'before');
    await expect(hashFile(at('f'), { onProgress: () => writeFileSync(at('f'), 'behind') })).rejects.toMatchObject({
      code: 'invalid-input',
    });
  });

  test('even in the tick of the clock that it was written in: one so young is waited for', async () => {
    writeFileSync(at('f'), 'young');
    const { ctimeMs } = statSync(at('f'));
    await hashFile(at('f'));
    expect(Date.now() - ctimeMs).toBeGreaterThanOrEqual(19);
  });

  test('and one of many is named', async () => {
    for (const name of ['a', 'b', 'c']) writeFileSync(at(name), patterned(2 * MIB));
    let changes = 0;
    const onProgress = (): void => {
      if (changes++ === 0) appendFileSync(at('c'), 'more');
    };
    await expect(hashFiles(await findFiles(place, ['.']), { onProgress, concurrency: 3 })).rejects.toMatchObject({
      where: at('c'),
    });
  });
});

describe('what cannot be hashed', () => {
  test('a named pipe is refused, not waited for', async () => {
    spawnSync('mkfifo', [at('pipe')]);
    await expect(hashFile(at('pipe'))).rejects.toMatchObject({ code: 'invalid-input', message: /not a regular file/ });
  });

  test.each(['/dev/null', '/'])('%s is refused', async (path) => {
    await expect(hashFile(path)).rejects.toMatchObject({ code: 'invalid-input', message: /not a regular file/ });
  });

  test('a missing file is named', async () => {
    await expect(hashFile(at('missing'))).rejects.toMatchObject({
      code: 'configuration',
      message: `the file ${at('missing')} does not exist`,
    });
  });

  test('a symbolic link that came after the files were found is not followed', async () => {
    writeFileSync(at('f'), 'found');
    writeFileSync(at('secret'), 'elsewhere');
    const found = await findFiles(place, ['f']);
    unlinkSync(at('f'));
    symlinkSync(at('secret'), at('f'));
    await expect(hashFiles(found)).rejects.toMatchObject({ code: 'configuration', message: /symbolic link/ });
  });

  test('a link that was found is hashed as the file it led to', async () => {
    writeFileSync(at('f'), 'abc');
    symlinkSync('f', at('link'));
    const [hashed] = await hashFiles(await findFiles(place, ['link']));
    expect(hashed).toEqual({ path: at('link'), digest: digestOf(Buffer.from('abc')), size: 3 });
  });

  test('a stop in the middle of a large file stops there', async () => {
    writeFileSync(at('f'), patterned(8 * MIB));
    const stop = new AbortController();
    let read = 0;
    const onProgress = ({ bytes }: { bytes: number }): void => {
      read = bytes;
      stop.abort();
    };
    await expect(hashFile(at('f'), { onProgress, signal: stop.signal })).rejects.toMatchObject({ code: 'cancelled' });
    expect(read).toBeLessThan(8 * MIB);
  });
});

const why = whyNotUnprivileged();
describe.skipIf(why !== undefined)(`permissions${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
  test('a file that may not be read is named', () => {
    writeFileSync(at('f'), 'locked', { mode: 0 });
    chmodSync(place, 0o755);
    const error = runUnprivileged(`
      import { hashFile } from ${JSON.stringify(new URL('hash-file.ts', import.meta.url).href)};
      const error = await hashFile(${JSON.stringify(at('f'))}).catch((e) => e);
      console.log(JSON.stringify({ code: error.code, message: error.message }));`);
    expect(error).toEqual({ code: 'configuration', message: `the file ${at('f')} may not be read by this user` });
  });
});
