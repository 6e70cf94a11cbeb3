import { type CiJob, describeJob, type Environment } from '@signwright/signing-core';
import { createGitlabIdentity } from './identity.ts';

/**
 * The GitLab job this run is part of, as its variables say it
 * (https://docs.gitlab.com/ci/variables/predefined_variables/); nothing elsewhere.
 */
export function detectGitlab(environment: Environment): CiJob | undefined {
  if (!environment['GITLAB_CI']) return undefined;
  return describeJob({
    platform: 'gitlab',
    title: 'GitLab CI/CD',
    url: environment['CI_JOB_URL'],
    requester: environment['GITLAB_USER_ID'],
    repository: environment['CI_PROJECT_URL'],
    ref: refOf(environment),
    commit: environment['CI_COMMIT_SHA'],
    planOnly: whyPlanOnly(environment),
    identity: createGitlabIdentity(environment),
  });
}

/** A merge-request pipeline has neither variable. */
function refOf({ CI_COMMIT_TAG: tag, CI_COMMIT_BRANCH: branch }: Environment): string | undefined {
  if (tag) return `refs/tags/${tag}`;
  return branch ? `refs/heads/${branch}` : undefined;
}

/** A child pipeline of a merge-request pipeline has another source, and the merge request's variables. */
function whyPlanOnly(environment: Environment): string | undefined {
  const source = environment['CI_PIPELINE_SOURCE'];
  const from = environment['CI_MERGE_REQUEST_SOURCE_PROJECT_ID'];
  if (from && from !== environment['CI_PROJECT_ID']) return 'a merge-request pipeline of a fork';
  if (environment['CI_MERGE_REQUEST_EVENT_TYPE'] === 'merge_train') return 'a merge train: what it builds is not merged yet';
  if (source === 'merge_request_event' || environment['CI_MERGE_REQUEST_IID']) return 'a merge-request pipeline';
  if (source === 'external_pull_request_event' || environment['CI_EXTERNAL_PULL_REQUEST_IID'])
    return 'a pipeline of an external pull request';
  return undefined;
}
