import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runUnprivileged, whyNotUnprivileged } from '@signwright/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findFiles } from './find-files.ts';

let place: string;
let base: string;
beforeEach(async () => {
  place = await realpath(await mkdtemp(join(tmpdir(), 'signwright-find-')));
  base = join(place, 'base');
  await mkdir(base);
});
afterEach(() => rm(place, { recursive: true, force: true }));

async function plant(...names: string[]): Promise<void> {
  for (const name of names) {
    await mkdir(dirname(join(base, name)), { recursive: true });
    await writeFile(join(base, name), `bytes of ${name}`);
  }
}
const namesIn = async (
  paths: string[],
  ...rest: Parameters<typeof findFiles> extends [string, unknown, ...infer R] ? R : never
) => (await findFiles(base, paths, ...rest)).map(({ name }) => name);

describe('what is found', () => {
  test('files come sorted by code unit, each with its path, name and size', async () => {
    await plant('b/z.txt', 'b.txt', 'a.txt', 'Z.txt', 'with space.txt', 'grün/日本.txt');
    expect(await namesIn(['.'])).toEqual(['Z.txt', 'a.txt', 'b.txt', 'b/z.txt', 'grün/日本.txt', 'with space.txt']);
    expect(await findFiles(base, ['a.txt'])).toEqual([{ path: join(base, 'a.txt'), name: 'a.txt', size: 14, explicit: true }]);
  });

  test('an empty file counts, an empty directory does not', async () => {
    await mkdir(join(base, 'empty'));
    await writeFile(join(base, 'nothing'), '');
    expect(await findFiles(base, ['.'])).toMatchObject([{ name: 'nothing', size: 0 }]);
  });

  test('a file named twice, or named and walked over, is there once and counts as named', async () => {
    await plant('dist/a', 'dist/b');
    const found = await findFiles(base, ['dist', 'dist/a', './dist/../dist/a', join(base, 'dist/a'), '.']);
    expect(found.map(({ name, explicit }) => [name, explicit])).toEqual([
      ['dist/a', true],
      ['dist/b', false],
    ]);
  });

  test('what the caller skips is neither entered nor looked at, but what they name is', async () => {
    await plant('.git/config', 'dist/a', 'dist/a.sigstore.json');
    await symlink('/etc/hostname', join(base, '.git', 'refused-if-looked-at'));
    const options = {
      skipDirectory: (name: string) => name === '.git',
      skipFile: (name: string) => name.endsWith('.sigstore.json'),
    };
    expect(await namesIn(['.'], options)).toEqual(['dist/a']);
    expect(await namesIn(['dist', 'dist/a.sigstore.json'], options)).toEqual(['dist/a', 'dist/a.sigstore.json']);
    expect(await namesIn(['.git/config'], options)).toEqual(['.git/config']);
  });

  test('a base that is reached through a symbolic link is the directory it leads to', async () => {
    await plant('a');
    await symlink(base, join(place, 'alias'));
    const alias = join(place, 'alias');
    expect(await findFiles(alias, ['.'])).toMatchObject([{ path: join(alias, 'a'), name: 'a' }]);
    expect(await findFiles(alias, [join(base, 'a')])).toMatchObject([{ name: 'a' }]);
  });

  test('more files than allowed are refused with what to do', async () => {
    await plant('a', 'b', 'c');
    expect(await namesIn(['.'], { maxFiles: 3 })).toHaveLength(3);
    await expect(namesIn(['.'], { maxFiles: 2 })).rejects.toMatchObject({ code: 'usage', message: /more than 2 files/ });
  });

  test('a stopped run finds nothing', async () => {
    await plant('a');
    await expect(namesIn(['.'], { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' });
  });
});

describe('what leads out of the base', () => {
  test.each(['..', '../base-evil/x', '/etc/passwd', 'dist/../../x'])('the path %s is refused', async (path) => {
    await mkdir(join(place, 'base-evil'));
    await writeFile(join(place, 'base-evil', 'x'), '');
    await expect(findFiles(base, [path])).rejects.toMatchObject({ code: 'usage', message: /is outside of/, next: /./ });
  });

  test('a symbolic link to a file inside counts as a file under its own name', async () => {
    await plant('real/a');
    await symlink('real/a', join(base, 'link'));
    expect(await findFiles(base, ['.'])).toMatchObject([
      { name: 'link', target: join(base, 'real/a'), size: 15 },
      { name: 'real/a' },
    ]);
    expect(await findFiles(base, ['link'])).toMatchObject([{ name: 'link', explicit: true, target: join(base, 'real/a') }]);
  });

  test.each([
    ['that leads out', '../../outside', /leads out of/],
    ['that leads out by way of another', '../hop', /leads out of/],
    ['to nothing', 'no such file', /to nothing/],
    ['to itself', 'link', /to nothing/],
  ])('a symbolic link %s is refused by name, named or walked over', async (_, target, message) => {
    await writeFile(join(place, 'outside'), '');
    await mkdir(join(base, 'deep'));
    await symlink('../outside', join(base, 'hop'));
    await symlink(target, join(base, 'deep', 'link'));
    for (const path of ['deep', 'deep/link']) {
      await expect(findFiles(base, [path])).rejects.toMatchObject({
        code: 'invalid-input',
        message,
        where: join(base, 'deep/link'),
      });
    }
  });

  test.each(['real', '/etc', '.'])(
    'a symbolic link to the directory %s is refused, for its files would go unseen',
    async (target) => {
      await plant('real/a');
      await symlink(target, join(base, 'link'));
      await expect(findFiles(base, ['.'])).rejects.toMatchObject({
        code: 'invalid-input',
        message: /a symbolic link to a directory/,
      });
    },
  );

  test.each(['inside', 'outside'])('naming %s, such a link, is refused', async (path) => {
    await plant('real/a');
    await symlink('real', join(base, 'inside'));
    await symlink('/etc', join(base, 'outside'));
    await expect(findFiles(base, [path])).rejects.toMatchObject({
      code: 'invalid-input',
      message: /a symbolic link to a directory/,
    });
  });

  test.each(['inside/a', 'outside/hostname'])('naming %s, through such a link, is refused', async (path) => {
    await plant('real/a');
    await symlink('real', join(base, 'inside'));
    await symlink('/etc', join(base, 'outside'));
    await expect(findFiles(base, [path])).rejects.toMatchObject({ code: 'usage', message: /through a symbolic link/ });
  });
});

describe('what is no file', () => {
  test('what does not exist is said to be missing', async () => {
    await plant('a');
    for (const path of ['missing', 'missing/b', 'a/b']) {
      await expect(findFiles(base, [path])).rejects.toMatchObject({ code: 'usage', message: `${path} does not exist` });
    }
    await expect(findFiles(join(base, 'missing'), ['.'])).rejects.toMatchObject({ code: 'usage' });
  });

  test('a named pipe is refused, named or walked over', async () => {
    spawnSync('mkfifo', [join(base, 'pipe')]);
    for (const path of ['.', 'pipe']) {
      await expect(findFiles(base, [path])).rejects.toMatchObject({ code: 'invalid-input', message: /pipe is a named pipe/ });
    }
  });

  test('a socket is refused', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(base, 'socket'), resolve));
    await expect(findFiles(base, ['.'])).rejects.toMatchObject({ code: 'invalid-input', message: /socket is a socket/ });
    await new Promise((resolve) => server.close(resolve));
  });

  test('of several refused files the first by name is reported', async () => {
    await plant('a/file');
    for (const name of ['c', 'b', 'a/link']) await symlink('nothing', join(base, name));
    await expect(findFiles(base, ['.'])).rejects.toMatchObject({ where: join(base, 'a/link') });
  });
});

describe('names', () => {
  test.each([
    ['a line break', 'a\nb', /line break/],
    ['a backslash', 'a\\b', /backslash/],
    ['a decomposed letter', 'e\u0301', /normal form C/],
  ])('a name with %s is refused, and shown without it reaching the terminal', async (_, name, message) => {
    await plant(`dist/${name}`);
    const error = (await findFiles(base, ['.']).catch((thrown: unknown) => thrown)) as Error;
    expect(error).toMatchObject({ code: 'invalid-input', message });
    expect(error.message).not.toContain('\n');
  });

  test.each(['a file', 'a directory'])('%s whose name is not UTF-8 is refused', async (what) => {
    const path = Buffer.concat([Buffer.from(`${base}/a`), Buffer.from([0xff])]);
    await (what === 'a file' ? writeFile(path, '') : mkdir(path));
    await expect(findFiles(base, ['.'])).rejects.toMatchObject({ code: 'invalid-input', message: /not valid Unicode/ });
  });

  test.each([
    ['case', 'lib/readme.md', 'lib/README.md'],
    ['case', 'straße', 'STRASSE'],
    ['Unicode form', '\u00e9', 'e\u0301'],
  ])('two names that differ only in %s are refused, naming both', async (differ, one, other) => {
    await plant(one, other);
    const error = (await findFiles(base, ['.']).catch((thrown: unknown) => thrown)) as Error;
    expect(error).toMatchObject({ code: 'invalid-input' });
    for (const part of [one, other, differ]) expect(error.message).toContain(part);
  });
});

const why = whyNotUnprivileged();
describe.skipIf(why !== undefined)(`permissions${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
  test('a directory that may not be read is named', async () => {
    await plant('locked/a');
    await chmod(place, 0o755);
    await chmod(join(base, 'locked'), 0o700);
    if (process.getuid?.() !== 0) await chmod(join(base, 'locked'), 0);
    const error = runUnprivileged(`
      import { findFiles } from ${JSON.stringify(new URL('find-files.ts', import.meta.url).href)};
      const error = await findFiles(${JSON.stringify(base)}, ['.']).catch((e) => e);
      console.log(JSON.stringify({ code: error.code, message: error.message }));`);
    await chmod(join(base, 'locked'), 0o700);
    expect(error).toEqual({
      code: 'configuration',
      message: `the directory ${join(base, 'locked')} may not be read by this user`,
    });
  });
});
