import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { detectGithub } from './index.ts';

const directory = mkdtempSync(join(tmpdir(), 'signwright-github-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const PUSH = {
  GITHUB_ACTIONS: 'true',
  GITHUB_SERVER_URL: 'https://github.com',
  GITHUB_REPOSITORY: 'octo-org/octo-repo',
  GITHUB_REPOSITORY_ID: '74',
  GITHUB_RUN_ID: '1536140711',
  GITHUB_RUN_ATTEMPT: '2',
  GITHUB_ACTOR_ID: '12',
  GITHUB_REF: 'refs/heads/main',
  GITHUB_SHA: 'ab'.repeat(20),
  GITHUB_EVENT_NAME: 'push',
};

describe('a GitHub job', () => {
  test('is described by its variables', () => {
    expect(detectGithub(PUSH)).toEqual({
      platform: 'github',
      title: 'GitHub Actions',
      url: 'https://github.com/octo-org/octo-repo/actions/runs/1536140711/attempts/2',
      requester: 'github:12',
      repository: 'https://github.com/octo-org/octo-repo',
      ref: 'refs/heads/main',
      commit: 'ab'.repeat(20),
      identity: expect.anything(),
    });
  });

  test('is none without GITHUB_ACTIONS, and has no address where parts of it are missing', () => {
    expect(detectGithub({ ...PUSH, GITHUB_ACTIONS: '' })).toBeUndefined();
    const { GITHUB_RUN_ID: _, ...without } = PUSH;
    expect(detectGithub(without)?.url).toBeUndefined();
  });

  test.each(['push', 'schedule', 'workflow_dispatch', 'release', 'repository_dispatch', 'issue_comment'])(
    'may sign when its event is %s',
    (event) => expect(detectGithub({ ...PUSH, GITHUB_EVENT_NAME: event })?.planOnly).toBeUndefined(),
  );

  test.each([
    ['pull_request', 'refs/pull/7/merge', /^a pull request \(pull_request\)$/],
    ['pull_request_target', 'refs/heads/main', /pull_request_target/],
    ['pull_request_review', 'refs/pull/7/merge', /pull request/],
    ['push', 'refs/pull/7/head', /pull request/],
    ['merge_group', 'refs/heads/gh-readonly-queue/main/pr-7-abc', /merge queue/],
    ['push', 'refs/heads/gh-readonly-queue/main/pr-7-abc', /merge queue/],
  ])('of the event %s at %s may plan only', (event, ref, why) => {
    expect(detectGithub({ ...PUSH, GITHUB_EVENT_NAME: event, GITHUB_REF: ref })?.planOnly).toMatch(why);
  });
});

describe('a GitHub workflow that another one started', () => {
  const planOnly = (payload: unknown): string | undefined => {
    const path = join(directory, 'event.json');
    writeFileSync(path, typeof payload === 'string' ? payload : JSON.stringify(payload));
    return detectGithub({ ...PUSH, GITHUB_EVENT_NAME: 'workflow_run', GITHUB_EVENT_PATH: path })?.planOnly;
  };
  const started = (event: string, from = 74) => ({
    workflow_run: { event, head_repository: { id: from } },
    repository: { id: 74 },
  });

  test('by a push may sign', () => expect(planOnly(started('push'))).toBeUndefined());

  test.each([
    ['a pull request', started('pull_request'), /pull request/],
    ['a pull request with the base’s rights', started('pull_request_target'), /pull request/],
    ['a merge queue', started('merge_group'), /merge_group/],
    ['a chain', started('workflow_run'), /started by another/],
    ['a fork', started('push', 75), /fork/],
    ['a run that does not say where it is from', { workflow_run: { event: 'push' } }, /fork/],
    ['something else', { workflow_run: 'push' }, /cannot be read/],
    ['what is no JSON', '{', /cannot be read/],
    ['what is said twice', '{"workflow_run":{"event":"pull_request","event":"push"}}', /cannot be read/],
  ])('by %s may plan only', (_, payload, why) => expect(planOnly(payload)).toMatch(why));

  test.each([undefined, '/nowhere/event.json', directory])('may plan only where the event’s file is %j', (path) => {
    const environment = { ...PUSH, GITHUB_EVENT_NAME: 'workflow_run', GITHUB_EVENT_PATH: path };
    expect(detectGithub(environment)?.planOnly).toMatch(/cannot be read/);
  });
});
