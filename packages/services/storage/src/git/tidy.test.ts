import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { gitEnvironment } from './environment.ts';
import { createGitStore } from './git-store.ts';
import { openRepository } from './repository.ts';
import { createGit } from './run-git.ts';
import { createTidy } from './tidy.ts';

test('a cache of many packs becomes one of few, and loses nothing, not even what only another process knows', async () => {
  const place = mkdtempSync(join(tmpdir(), 'signwright-tidy-'));
  vi.stubEnv('TMPDIR', place);
  onTestFinished(() => {
    vi.unstubAllEnvs();
    rmSync(place, { recursive: true });
  });
  execFileSync('git', ['init', '--quiet', '--bare', join(place, 'server.git')]);
  const reference = { url: `file://${place}/server.git`, branch: 'log' };
  const cache = join(place, 'cache');
  const { repository } = await openRepository(reference, cache, () => Promise.resolve(undefined));
  const [store, other] = [createGitStore({ ...reference, cache }), createGitStore(reference)];
  for (let i = 0; i < 8; i++) {
    await store.putIfAbsent(`mine/${i}`, Buffer.from(`mine ${i}`));
    await other.putIfAbsent(`others/${i}`, Buffer.from(`others ${i}`));
  }
  await store.get('others/7');
  const packs = (): number => readdirSync(join(repository.talk.objects, 'pack')).filter((name) => name.endsWith('.pack')).length;
  expect(packs()).toBeGreaterThan(10);
  const git = createGit(gitEnvironment(reference.url, process.env, undefined), []);
  await createTidy(git, repository.talk)();
  expect(packs()).toBeGreaterThan(10);
  const [old, young] = ['tmp_pack_old', 'tmp_pack_young'].map((name) => join(repository.talk.objects, 'pack', name)) as [
    string,
    string,
  ];
  for (const path of [old, young]) writeFileSync(path, 'of a killed process');
  utimesSync(old, 0, 0);
  await createTidy(git, repository.talk, 10)();
  expect([existsSync(old), existsSync(young)]).toEqual([false, true]);
  expect(packs()).toBeLessThan(4);

  // Without the server, all that was here is here.
  for (let i = 0; i < 8; i++) expect(Buffer.from((await store.get(`mine/${i}`))!.bytes).toString()).toBe(`mine ${i}`);
  expect(Buffer.from((await store.get('others/7'))!.bytes).toString()).toBe('others 7');
  expect(await store.putIfAbsent('mine/8', Buffer.from('8'))).toBe(true);
  expect(await createGitStore({ ...reference, cache }).get('others/3')).toBeDefined();
});
