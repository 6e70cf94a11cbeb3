import {
  type FakeGitlabPeople,
  GITLAB_PEOPLE_PROJECT,
  GITLAB_PEOPLE_TOKEN,
  gitlabJob,
  gitlabPipeline,
  gitlabPush,
  gitlabRequest,
  gitlabUser,
  peopleSourceContract,
  startFakeGitlabPeople,
} from '@signwright/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createGitlabPeople } from './people.ts';

const [ann, bob, eve, dan] = [gitlabUser(11, 'ann'), gitlabUser(12, 'bob'), gitlabUser(13, 'eve'), gitlabUser(14, 'dan')];
/** main: a - b - m; feature: a - x - y; m merges y. */
const [A, B, X, Y, M, Z] = ['a', 'b', 'c', 'd', 'e', 'f'].map((digit) => digit.repeat(40)) as [
  string,
  string,
  string,
  string,
  string,
  string,
];
let fake: FakeGitlabPeople;

beforeEach(async () => {
  fake = await startFakeGitlabPeople();
  for (const [commit, parents] of [
    [A, []],
    [B, [A]],
    [X, [A]],
    [Y, [X]],
    [M, [B, Y]],
    [Z, [A]],
  ] as [string, string[]][])
    fake.commits.set(commit, parents);
});
afterEach(() => fake.close());

const open = ({ deadlineMs }: { deadlineMs?: number } = {}) =>
  createGitlabPeople({
    project: { host: fake.host, path: GITLAB_PEOPLE_PROJECT },
    token: { kind: 'private', variable: 'GITLAB_TOKEN', value: GITLAB_PEOPLE_TOKEN },
    ...(deadlineMs === undefined ? {} : { timeoutMs: deadlineMs }),
  });
const people = async (...commits: string[]) =>
  Object.fromEntries([...(await open().authors(commits)).verified].map(([commit, who]) => [commit, who.map(({ id }) => id)]));
const merged = () => {
  for (const commit of [X, Y, M]) fake.requests.set(commit, [gitlabRequest(1, dan, { head: Y, merge: M })]);
};

peopleSourceContract('GitLab', async () => {
  fake.pipelines.set('42', gitlabPipeline(42, M, ann));
  const many = Array.from({ length: 120 }, (_, id) => gitlabJob(id + 1, ann));
  fake.jobs.set('42', [...many, gitlabJob(200, bob), gitlabJob(201, null), gitlabJob(202, eve), gitlabJob(203, bob)]);
  merged();
  fake.events.push(
    gitlabPush(5, eve, B, M),
    gitlabPush(4, ann, A, B),
    gitlabPush(3, bob, X, Y),
    gitlabPush(2, bob, null, X),
    gitlabPush(1, bob, Z, null),
  );
  return {
    open,
    about: { commit: M, environment: 'production', run: '42' },
    requester: '11',
    retriers: ['12', '13'],
    other: B,
    authors: { known: { [X]: ['12', '14'], [Y]: ['12', '14'], [M]: ['13', '14'], [B]: ['11'] }, unknown: Z },
    fault: (fault) => {
      fake.fault = fault;
    },
    leaked: fake.leaked,
    secrets: [GITLAB_PEOPLE_TOKEN, 'ann of acme', 'bob of acme', '"ann"'],
    permission: /scope read_api/,
  };
});

test('whoever merges is the author of the merge commit and not of what it brings', async () => {
  merged();
  fake.events.push(gitlabPush(1, eve, B, M));
  expect(await people(X, Y, M)).toEqual({ [X]: ['14'], [Y]: ['14'], [M]: ['13', '14'] });
});

test('who pushes a merge of a merge request that GitLab did not make brings all that is not theirs', async () => {
  fake.events.push(gitlabPush(1, eve, B, M));
  expect(await people(X, Y, M)).toEqual({ [X]: ['13'], [Y]: ['13'], [M]: ['13'] });
});

test('a tag proves nothing', async () => {
  fake.events.push(gitlabPush(1, eve, null, B, { ref_type: 'tag' }));
  expect(await people(B)).toEqual({});
});

test('where pushes were too many to be told apart, a commit whose push was not found is left out', async () => {
  merged();
  fake.events.push(gitlabPush(2, ann, A, B));
  expect(await people(X, B)).toEqual({ [X]: ['14'], [B]: ['11'] });
  fake.events.push(gitlabPush(1, eve, null, null, { ref_type: null, ref_count: 5 }));
  expect(await people(X, B)).toEqual({ [B]: ['11'] });
});

test('where there are more pushes than are read, too', async () => {
  merged();
  fake.events.push(gitlabPush(9, ann, A, B), ...Array.from({ length: 5000 }, (_, id) => gitlabPush(id, eve, Z, Z)));
  expect(await people(X, B)).toEqual({ [B]: ['11'] });
});
