import type { RunReference } from '@signwright/signing-core';
import {
  approvalSourceContract,
  type FakeGithub,
  GITHUB_REPOSITORY,
  GITHUB_TOKEN,
  githubEnvironmentReview,
  githubPull,
  githubReview,
  githubRun,
  githubUser,
  startFakeGithub,
} from '@signwright/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createGithubApprovals, type GithubApprovalOptions } from './approvals.ts';

const [ann, bob, eve, dan] = [githubUser(11, 'ann'), githubUser(12, 'bob'), githubUser(13, 'eve'), githubUser(14, 'dan')];
const [HEAD, MERGE, OTHER] = ['a'.repeat(40), 'b'.repeat(40), 'c'.repeat(40)];
const ABOUT = { commit: HEAD, environment: 'production', run: '42' };
let fake: FakeGithub;

beforeEach(async () => {
  fake = await startFakeGithub();
  for (const commit of [HEAD, MERGE, OTHER]) fake.commits.set(commit, []);
});
afterEach(() => fake.close());

const open = (change: Partial<GithubApprovalOptions> = {}) =>
  createGithubApprovals({ repository: GITHUB_REPOSITORY, token: GITHUB_TOKEN, api: `http://${fake.host}`, ...change });
const decided = async (about: RunReference = ABOUT, change: Partial<GithubApprovalOptions> = {}) =>
  (await open(change).approvals(about)).approvals.map(({ account, decision, means }) => `${account.id} ${decision} ${means}`);

approvalSourceContract('GitHub', async () => {
  fake.runs.set('42', githubRun(42, HEAD, [dan]));
  fake.approvals.set('42', [
    githubEnvironmentReview(ann, 'approved', 'production'),
    githubEnvironmentReview(bob, 'rejected', 'production'),
    githubEnvironmentReview(eve, 'pending', 'production'),
    githubEnvironmentReview(eve, 'approved', 'staging'),
  ]);
  return {
    open,
    about: ABOUT,
    approvers: ['11'],
    rejecters: ['12'],
    other: OTHER,
    change: () => void fake.approvals.get('42')?.push(githubEnvironmentReview(eve, 'approved', 'production')),
    fault: (fault) => {
      fake.fault = fault;
    },
    leaked: fake.leaked,
    secrets: [GITHUB_TOKEN, 'ann', 'bob', 'acme.example'],
    permission: /actions: read/,
  };
});

describe('a review of a run’s environment', () => {
  test('has the time the run began, for GitHub does not tell its own', async () => {
    fake.runs.set('42', githubRun(42, HEAD, [dan, dan]));
    fake.approvals.set('42', [githubEnvironmentReview(ann, 'approved', 'production')]);
    expect((await open().approvals(ABOUT)).approvals[0]).toEqual({
      account: { platform: 'github', id: '11' },
      decision: 'approve',
      at: '2026-11-20T10:00:00.000Z',
      means: 'environment',
      url: 'https://github.com/acme/app/actions/runs/42',
    });
  });

  test('is bound to the run, and the run to its commit', async () => {
    fake.runs.set('42', githubRun(42, OTHER, [dan]));
    await expect(open().approvals(ABOUT)).rejects.toMatchObject({
      code: 'verification',
      message: `the run 42 is of ${OTHER}, not of ${HEAD}`,
    });
  });
});

describe('a review of a pull request', () => {
  const { run: _, ...about } = ABOUT;
  const pull = (number: number, shape: Parameters<typeof githubPull>[2], commits: readonly string[], reviews: object[]) => {
    for (const commit of commits) fake.pulls.set(commit, [...(fake.pulls.get(commit) ?? []), githubPull(number, dan, shape)]);
    fake.reviews.set(number, reviews);
  };

  test('counts for the head it was given for, and for what that became', async () => {
    pull(
      1,
      { head: HEAD, merge: MERGE },
      [HEAD, MERGE],
      [
        githubReview(1, ann, 'APPROVED', HEAD),
        githubReview(2, bob, 'CHANGES_REQUESTED', HEAD),
        githubReview(3, eve, 'COMMENTED', HEAD),
      ],
    );
    const both = ['11 approve merge-request', '12 reject merge-request'];
    expect(await decided(about)).toEqual(both);
    expect(await decided({ ...about, commit: MERGE })).toEqual(both);
    expect((await open().approvals(about)).approvals[0]).toMatchObject({ at: '2026-11-20T08:00:01.000Z' });
  });

  test('given before the last push does not count', async () => {
    pull(1, { head: HEAD }, [HEAD], [githubReview(1, ann, 'APPROVED', OTHER)]);
    expect(await decided(about)).toEqual([]);
  });

  test('does not count for a commit on the way to the head', async () => {
    pull(1, { head: HEAD, merge: MERGE }, [OTHER], [githubReview(1, ann, 'APPROVED', HEAD)]);
    expect(await decided({ ...about, commit: OTHER })).toEqual([]);
  });

  test('of a merge GitHub only tried does not count', async () => {
    pull(1, { head: HEAD }, ['e'.repeat(40)], [githubReview(1, ann, 'APPROVED', HEAD)]);
    expect(await decided({ ...about, commit: 'e'.repeat(40) })).toEqual([]);
  });

  test('counts into the default branch, or the branches that are named', async () => {
    pull(1, { head: HEAD, base: 'junk' }, [HEAD], [githubReview(1, ann, 'APPROVED', HEAD)]);
    expect(await decided(about)).toEqual([]);
    expect(await decided(about, { branches: ['junk'] })).toEqual(['11 approve merge-request']);
    expect(await decided(about, { branches: [] })).toEqual([]);
  });

  test('is each person’s last; one that was dismissed, or whose author is gone, is none', async () => {
    pull(
      1,
      { head: HEAD },
      [HEAD],
      [
        githubReview(1, ann, 'APPROVED', HEAD),
        githubReview(2, ann, 'CHANGES_REQUESTED', HEAD),
        githubReview(3, bob, 'DISMISSED', HEAD),
        githubReview(4, null, 'APPROVED', HEAD),
      ],
    );
    expect(await decided(about)).toEqual(['11 reject merge-request']);
  });

  test('is found on whichever page it is', async () => {
    fake.pageSize = 2;
    const reviews = [1, 2, 3, 4, 5].map((id) => githubReview(id, githubUser(20 + id, `user${id}`), 'APPROVED', HEAD));
    pull(1, { head: HEAD }, [HEAD], reviews);
    expect(await decided(about)).toHaveLength(5);
    expect(fake.asked.every(({ headers }) => headers.authorization === `Bearer ${GITHUB_TOKEN}`)).toBe(true);
  });

  test('that is one of more than can be read makes no answer', async () => {
    fake.pageSize = 1;
    pull(
      1,
      { head: HEAD },
      [HEAD],
      Array.from({ length: 40 }, (_, id) => githubReview(id, ann, 'APPROVED', HEAD)),
    );
    await expect(decided(about)).rejects.toMatchObject({ code: 'unreachable', message: /more than 30 entries/ });
  });
});

test('the rate limit is something to try again, and is not tried at once', async () => {
  const limited = await startLimited();
  try {
    await expect(open({ api: limited.api }).approvals(ABOUT)).rejects.toMatchObject({
      code: 'unreachable',
      message: /rate limit/,
    });
    expect(limited.asked()).toBe(1);
  } finally {
    limited.close();
  }
});

test.each([
  ['no repository', { repository: 'acme' }],
  ['a repository with a path', { repository: 'acme/app/../other' }],
  ['a repository that leads upwards', { repository: 'acme/..' }],
  ['no token', { token: '' }],
  ['a token with a line break', { token: 'a\nb' }],
])('%s is a matter of configuration, and nothing is asked', async (_, change) => {
  await expect(open(change).approvals(ABOUT)).rejects.toMatchObject({ code: 'configuration' });
  expect(fake.asked).toEqual([]);
});

async function startLimited() {
  const { createServer } = await import('node:http');
  let asked = 0;
  const server = createServer((_, response) => {
    asked += 1;
    response.writeHead(403, { 'x-ratelimit-remaining': '0' }).end('{}');
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return { api: `http://127.0.0.1:${port}`, asked: () => asked, close: () => server.close() };
}
