import { afterAll, expect, test } from 'vitest';
import { removeRepositories, testRepository } from '../tests/git-repository.ts';
import { listCommits } from './list-commits.ts';

afterAll(removeRepositories);

test('lists what is reachable from the head and not from the base, merged branches included', async () => {
  const { path: directory, commit } = testRepository();
  const base = commit();
  const side = commit({ parents: [base] });
  const main = commit({ parents: [base] });
  const head = commit({ parents: [main, side] });
  expect(new Set((await listCommits({ directory, head, base })).commits)).toEqual(new Set([head, main, side]));
  expect((await listCommits({ directory, head })).commits).toHaveLength(4);
  expect(await listCommits({ directory, head: base, base })).toEqual({ commits: [] });
});

test('says why commits may be missing', async () => {
  const { path: directory, commit } = testRepository();
  const head = commit({ parents: [commit()] });
  expect((await listCommits({ directory, head: 'c0'.repeat(20) })).incomplete).toBeDefined();
  expect((await listCommits({ directory, head, base: 'c0'.repeat(20) })).incomplete).toBeDefined();
  expect((await listCommits({ directory, head, most: 1 })).incomplete).toContain('more than 1');
});
