import { describe, expect, test } from 'vitest';
import { detectGitlab } from './index.ts';

const BRANCH = {
  GITLAB_CI: 'true',
  CI_JOB_URL: 'https://gitlab.acme.example/acme/app/-/jobs/302',
  CI_PROJECT_ID: '20',
  CI_PROJECT_URL: 'https://gitlab.acme.example/acme/app',
  CI_COMMIT_BRANCH: 'main',
  CI_COMMIT_SHA: 'ab'.repeat(20),
  CI_PIPELINE_SOURCE: 'push',
  GITLAB_USER_ID: '1017',
  GITLAB_USER_EMAIL: 'dev@acme.example',
};
const { CI_COMMIT_BRANCH: _, ...NO_BRANCH } = BRANCH;
const MERGE_REQUEST = {
  ...NO_BRANCH,
  CI_PIPELINE_SOURCE: 'merge_request_event',
  CI_MERGE_REQUEST_IID: '7',
  CI_MERGE_REQUEST_SOURCE_PROJECT_ID: '20',
};

describe('a GitLab job', () => {
  test('is described by its variables, without anybody’s address', () => {
    expect(detectGitlab(BRANCH)).toEqual({
      platform: 'gitlab',
      title: 'GitLab CI/CD',
      url: 'https://gitlab.acme.example/acme/app/-/jobs/302',
      requester: 'gitlab:1017',
      repository: 'https://gitlab.acme.example/acme/app',
      ref: 'refs/heads/main',
      commit: 'ab'.repeat(20),
      identity: expect.anything(),
    });
  });

  test('is none without GITLAB_CI', () => {
    expect(detectGitlab({ ...BRANCH, GITLAB_CI: '' })).toBeUndefined();
    expect(detectGitlab({ CI: 'true' })).toBeUndefined();
  });

  test('of a tag says so', () => {
    expect(detectGitlab({ ...NO_BRANCH, CI_COMMIT_TAG: 'v1' })?.ref).toBe('refs/tags/v1');
  });

  test.each(['push', 'schedule', 'web', 'api', 'trigger', 'pipeline', 'parent_pipeline'])(
    'may sign when its source is %s',
    (source) => {
      expect(detectGitlab({ ...BRANCH, CI_PIPELINE_SOURCE: source })?.planOnly).toBeUndefined();
    },
  );

  test.each([
    ['of a merge request', MERGE_REQUEST, /^a merge-request pipeline$/],
    ['of a fork', { ...MERGE_REQUEST, CI_MERGE_REQUEST_SOURCE_PROJECT_ID: '21' }, /fork/],
    ['of a merge train', { ...MERGE_REQUEST, CI_MERGE_REQUEST_EVENT_TYPE: 'merge_train' }, /merge train/],
    ['of a child of a merge request', { ...MERGE_REQUEST, CI_PIPELINE_SOURCE: 'parent_pipeline' }, /merge-request/],
    ['of an external pull request', { ...BRANCH, CI_PIPELINE_SOURCE: 'external_pull_request_event' }, /external pull request/],
    ['of a child of an external pull request', { ...BRANCH, CI_EXTERNAL_PULL_REQUEST_IID: '4' }, /external pull request/],
  ])('%s may plan only', (_, environment, why) => {
    expect(detectGitlab(environment)?.planOnly).toMatch(why);
  });
});
