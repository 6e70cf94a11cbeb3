import type { JsonObject } from '@signwright/signing-core';
import { azureClaims, githubClaims, gitlabClaims, jenkinsClaims, kubernetesClaims } from '@signwright/testkit';
import { describe, expect, test } from 'vitest';
import { whyPlanOnly } from './index.ts';

const why = (claims: object) => whyPlanOnly(claims as JsonObject);
const BEFORE_18_4 = {
  job_namespace_id: undefined,
  job_namespace_path: undefined,
  job_project_id: undefined,
  job_project_path: undefined,
};
/** From 18.2.2 on the fork's claims stand where the project's did. */
const FORK = { namespace_id: '99', namespace_path: 'someone', project_id: '21', project_path: 'someone/app' };
const MERGE_REQUEST = { pipeline_source: 'merge_request_event', ref: 'fix' };

describe('by its token', () => {
  test.each([
    ['a branch', gitlabClaims()],
    ['a tag', gitlabClaims({ ref: 'v1', ref_type: 'tag', ref_path: 'refs/tags/v1' })],
    ['a schedule', gitlabClaims({ pipeline_source: 'schedule' })],
    ['a branch on an older GitLab', gitlabClaims(BEFORE_18_4)],
    [
      'a fork’s own branch, where the fork runs it',
      gitlabClaims({ ...FORK, job_project_id: '21', job_project_path: 'someone/app' }),
    ],
    ['a child pipeline', gitlabClaims({ pipeline_source: 'parent_pipeline' })],
    ['a multi-project pipeline', gitlabClaims({ pipeline_source: 'pipeline' })],
    ['a push to GitHub', githubClaims()],
    ['a release on GitHub', githubClaims({ event_name: 'release', ref: 'refs/tags/v1', ref_type: 'tag' })],
    ['a workflow another one started', githubClaims({ event_name: 'workflow_run' })],
    ['an Azure pipeline', azureClaims()],
    ['a Jenkins build', jenkinsClaims()],
    ['a pod', kubernetesClaims()],
  ])('%s may sign', (_, claims) => expect(why(claims)).toBeUndefined());

  test.each([
    ['a merge request', gitlabClaims(MERGE_REQUEST), /^a merge-request pipeline$/],
    ['a merge request on an older GitLab', gitlabClaims({ ...MERGE_REQUEST, ...BEFORE_18_4 }), /^a merge-request pipeline$/],
    ['a fork’s merge request', gitlabClaims({ ...MERGE_REQUEST, ...FORK }), /fork/],
    ['a fork’s, by numbers', gitlabClaims({ ...MERGE_REQUEST, ...FORK, project_id: 21, job_project_id: 20 }), /fork/],
    ['a fork’s merge request on GitLab 18.2.2', gitlabClaims({ ...MERGE_REQUEST, ...FORK, ...BEFORE_18_4 }), /merge-request/],
    [
      'a fork’s merge request before 18.2.2, from its main',
      gitlabClaims({ ...BEFORE_18_4, pipeline_source: 'merge_request_event' }),
      /merge-request/,
    ],
    ['the child of a fork’s merge request', gitlabClaims({ ...FORK, pipeline_source: 'parent_pipeline' }), /fork/],
    [
      'the child of one before 18.2.2, from its main',
      gitlabClaims({ ...BEFORE_18_4, pipeline_source: 'parent_pipeline' }),
      /child pipeline/,
    ],
    ['an external pull request', gitlabClaims({ pipeline_source: 'external_pull_request_event' }), /external/],
    ['a merge request’s ref', gitlabClaims({ ref_path: 'refs/merge-requests/7/head' }), /pull request/],
    ['a pull request', githubClaims({ event_name: 'pull_request', ref: 'refs/pull/7/merge' }), /pull_request/],
    ['one with the base’s rights', githubClaims({ event_name: 'pull_request_target' }), /pull_request_target/],
    ['a pull request’s ref', githubClaims({ event_name: 'workflow_dispatch', ref: 'refs/pull/7/head' }), /pull request/],
    [
      'a merge queue',
      githubClaims({ event_name: 'merge_group', ref: 'refs/heads/gh-readonly-queue/main/pr-7-a' }),
      /merge queue/,
    ],
    ['a push to a merge queue’s branch', githubClaims({ ref: 'refs/heads/gh-readonly-queue/main/pr-7-a' }), /merge queue/],
    ['an Azure pull request', azureClaims({ rpo_ref: 'refs/pull/7/merge' }), /pull request/],
  ])('%s may plan only', (_, claims, reason) => expect(why(claims)).toMatch(reason));
});

test('a claim that cannot be read is no reason to sign', () => {
  expect(() => why(githubClaims({ event_name: { toString: 'push' } }))).toThrow(
    expect.objectContaining({ code: 'verification' }),
  );
});
