import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { SignwrightError } from '@signwright/signing-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type GitFilesOptions, openGitFiles } from './git-files.ts';

let repository: string;
const git = (...args: string[]): string =>
  execFileSync('git', ['-C', repository, '-c', 'user.name=a', '-c', 'user.email=a@b.example', ...args], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: repository, GIT_CONFIG_NOSYSTEM: '1' },
  });

function commit(files: Record<string, string>, message: string): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(repository, path)), { recursive: true });
    writeFileSync(join(repository, path), text);
  }
  git('add', '-A');
  git('commit', '--quiet', '-m', message);
  return git('rev-parse', 'HEAD').trim();
}

let first: string;
beforeAll(() => {
  repository = mkdtempSync(join(tmpdir(), 'signwright-git-files-'));
  git('init', '--quiet', '-b', 'main');
  first = commit({ 'central/signwright.yaml': 'version: 1 # first\n', 'a b.pub': 'spaced' }, 'first');
  git('tag', '-a', 'v1', '-m', 'one');
  symlinkSync('/etc/passwd', join(repository, 'link'));
  symlinkSync('central', join(repository, 'directory-link'));
  commit({ 'central/signwright.yaml': 'version: 1 # second\n', large: 'x'.repeat(2000) }, 'second');
});
afterAll(() => rmSync(repository, { recursive: true, force: true }));

const open = (more: Partial<GitFilesOptions> = {}) =>
  openGitFiles({
    url: `file://${repository}`,
    ref: 'main',
    judge: () => undefined,
    environment: { PATH: process.env['PATH'], HOME: repository },
    deadlineMs: 20_000,
    maxBytes: 1000,
    ...more,
  });

describe('the files of a commit', () => {
  test('are read of the newest one of a branch, or of a tag; what is not there is not there', async () => {
    const main = await open();
    expect((await main.read('central/signwright.yaml'))?.toString()).toContain('second');
    expect((await main.read('a b.pub'))?.toString()).toBe('spaced');
    expect(await main.read('nothing')).toBeUndefined();
    expect(await main.read('central/*.yaml')).toBeUndefined();
    expect(await main.read(':(glob)**/*.yaml')).toBeUndefined();
    await main.close();
    const tag = await open({ ref: 'v1' });
    expect(tag.commit).toBe(first);
    expect((await tag.read('central/signwright.yaml'))?.toString()).toContain('first');
    await tag.close();
  });

  test('are those of one commit, whatever is pushed while they are read', async () => {
    const files = await open();
    const next = commit({ 'central/signwright.yaml': 'version: 1 # third\n' }, 'third');
    expect((await files.read('central/signwright.yaml'))?.toString()).toContain('second');
    expect(files.commit).not.toBe(next);
    await files.close();
  });

  test.each([
    ['link', 'configuration', 'no file but a link'],
    ['directory-link', 'configuration', 'no file but a link'],
    ['central', 'configuration', 'a directory'],
    ['large', 'invalid-input', 'larger than 1000 bytes'],
  ])('%s is refused', async (path, code, says) => {
    const files = await open();
    await expect(files.read(path)).rejects.toMatchObject({ code, message: expect.stringContaining(says) });
    expect(await files.read('directory-link/signwright.yaml')).toBeUndefined();
    await files.close();
  });

  test('of a ref or a repository that is not there are an error that says so', async () => {
    await expect(open({ ref: 'nowhere' })).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringContaining('has no branch or tag nowhere'),
    });
    await expect(open({ url: 'file:///nowhere.git' })).rejects.toMatchObject({ code: 'configuration' });
  });

  test('are not asked for where the address is refused, before git runs', async () => {
    const judged: string[][] = [];
    const judge = (addresses: readonly string[]): void => {
      judged.push([...addresses]);
      throw new SignwrightError('configuration', 'not there');
    };
    await expect(open({ judge })).rejects.toThrow('not there');
    await expect(open({ url: 'https://127.0.0.1/a.git', judge })).rejects.toThrow('not there');
    expect(judged).toEqual([['::1'], ['127.0.0.1']]);
  });

  test('are fetched without any hook or program that the repository or its configuration names', async () => {
    const marker = join(repository, 'ran');
    for (const hook of ['post-checkout', 'reference-transaction', 'post-merge'])
      writeFileSync(join(repository, '.git/hooks', hook), `#!/bin/sh\ntouch ${marker}\n`, { mode: 0o755 });
    const home = mkdtempSync(join(tmpdir(), 'signwright-home-'));
    writeFileSync(join(home, '.gitconfig'), `[core]\n\thooksPath = ${join(repository, '.git/hooks')}\n`);
    const files = await open({ environment: { PATH: process.env['PATH'], HOME: home } });
    await files.read('central/signwright.yaml');
    await files.close();
    expect(() => execFileSync('test', ['-e', marker])).toThrow();
    rmSync(home, { recursive: true });
  });
});
