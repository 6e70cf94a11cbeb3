import {
  type FakeGithub,
  GITHUB_REPOSITORY,
  GITHUB_TOKEN,
  githubActivity,
  githubPull,
  githubRun,
  githubUser,
  peopleSourceContract,
  startFakeGithub,
} from '@signwright/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { GithubOptions } from './ask.ts';
import { createGithubPeople } from './people.ts';

const [ann, bob, eve, dan] = [githubUser(11, 'ann'), githubUser(12, 'bob'), githubUser(13, 'eve'), githubUser(14, 'dan')];
/** main: a - b - m; feature: a - x - y; m merges y. */
const [A, B, X, Y, M, Z] = ['a', 'b', 'c', 'd', 'e', 'f'].map((digit) => digit.repeat(40)) as [
  string,
  string,
  string,
  string,
  string,
  string,
];
const NONE = '0'.repeat(40);
const ABOUT = { commit: M, environment: 'production', run: '42' };
let fake: FakeGithub;

beforeEach(async () => {
  fake = await startFakeGithub();
  for (const [commit, parents] of [
    [A, []],
    [B, [A]],
    [X, [A]],
    [Y, [X]],
    [M, [B, Y]],
    [Z, [A]],
  ] as const)
    fake.commits.set(commit, parents);
});
afterEach(() => fake.close());

const open = (change: Partial<GithubOptions> = {}) =>
  createGithubPeople({ repository: GITHUB_REPOSITORY, token: GITHUB_TOKEN, api: `http://${fake.host}`, ...change });
const people = async (...commits: string[]) =>
  Object.fromEntries([...(await open().authors(commits)).verified].map(([commit, who]) => [commit, who.map(({ id }) => id)]));

peopleSourceContract('GitHub', async () => {
  fake.runs.set('42', githubRun(42, M, [ann, bob, ann, eve]));
  for (const [number, attempt] of [ann, bob, ann].entries()) {
    fake.runs.set(`42/${number + 1}`, githubRun(42, M, [ann, ...[attempt].slice(0, number)], 1 + Math.min(number, 1)));
  }
  fake.activity.push(
    githubActivity(4, eve, 'pr_merge', B, M),
    githubActivity(3, ann, 'push', A, B),
    githubActivity(2, bob, 'push', X, Y),
    githubActivity(1, bob, 'branch_creation', NONE, X),
  );
  for (const commit of [X, Y, M]) fake.pulls.set(commit, [githubPull(1, dan, { head: Y, merge: M })]);
  return {
    open,
    about: ABOUT,
    requester: '11',
    retriers: ['12', '13'],
    other: B,
    authors: { known: { [X]: ['12', '14'], [Y]: ['12', '14'], [M]: ['14'], [B]: ['11'] }, unknown: Z },
    fault: (fault) => {
      fake.fault = fault;
    },
    leaked: fake.leaked,
    secrets: [GITHUB_TOKEN, 'ann', 'bob', 'acme.example'],
    permission: /(actions|contents): read/,
  };
});

test('a run nobody asked for has no requester, and whoever runs it again is known', async () => {
  fake.runs.set('42', { ...githubRun(42, M, [ann, bob], 2), actor: null });
  fake.runs.set('42/1', { ...githubRun(42, M, [ann], 1), actor: null, triggering_actor: null });
  const told = await open().requester(ABOUT);
  expect(told.requester).toBeUndefined();
  expect(told.retriers).toEqual([{ platform: 'github', id: '12' }]);
});

test('an attempt that is not there makes no answer, for a retrier might be missed', async () => {
  fake.runs.set('42', githubRun(42, M, [ann, ann]));
  await expect(open().requester(ABOUT)).rejects.toMatchObject({ code: 'configuration' });
});

test('a branch made of old commits does not make them somebody else’s', async () => {
  fake.activity.push(githubActivity(2, eve, 'branch_creation', NONE, B), githubActivity(1, ann, 'push', A, B));
  expect(await people(B)).toEqual({ [B]: ['11'] });
});

test('commits of a fork have the people of their pull request, not who merged them', async () => {
  fake.activity.push(githubActivity(2, eve, 'push', M, Z), githubActivity(1, ann, 'pr_merge', B, M));
  for (const commit of [X, Y]) fake.pulls.set(commit, [githubPull(1, dan, { head: Y, merge: M })]);
  expect(await people(A, B, X, Y, M)).toEqual({ [X]: ['14'], [Y]: ['14'] });
});

test('a deleted branch and an account that is gone bring nobody', async () => {
  fake.activity.push(githubActivity(2, ann, 'branch_deletion', B, NONE), githubActivity(1, null, 'push', A, B));
  fake.pulls.set(B, [githubPull(1, null, { head: B })]);
  expect(await people(B)).toEqual({});
});

test('where there is more activity than is read, a commit whose push was not found is left out', async () => {
  fake.pageSize = 1;
  for (const commit of [X, B]) fake.pulls.set(commit, [githubPull(1, dan, { head: X })]);
  fake.activity.push(
    githubActivity(99, ann, 'push', A, B),
    ...Array.from({ length: 49 }, (_, id) => githubActivity(id, eve, 'push', Z, Z)),
  );
  expect(await people(X, B)).toEqual({ [B]: ['11', '14'], [X]: ['14'] });
  fake.activity.push(githubActivity(100, bob, 'push', A, X));
  expect(await people(X, B)).toEqual({ [B]: ['11', '14'] });
});
