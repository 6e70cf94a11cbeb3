import { type CiJob, describeJob, type Environment } from '@signwright/signing-core';
import { createJenkinsIdentity } from './identity.ts';

/**
 * The Jenkins build this run is part of, as its variables say it (JENKINS_URL/env-vars.html; the git and build-user-vars plugins);
 * nothing elsewhere.
 */
export function detectJenkins(environment: Environment): CiJob | undefined {
  if (!environment['JENKINS_URL']) return undefined;
  return describeJob({
    platform: 'jenkins',
    title: 'Jenkins',
    url: environment['BUILD_URL'],
    requester: environment['BUILD_USER_ID'],
    repository: environment['GIT_URL'],
    ref: refOf(environment),
    commit: environment['GIT_COMMIT'],
    planOnly: whyPlanOnly(environment),
    identity: createJenkinsIdentity(environment),
  });
}

/** In a multibranch project; BRANCH_NAME is `PR-7` for a change request. */
function refOf({ TAG_NAME: tag, BRANCH_NAME: branch, CHANGE_ID: change }: Environment): string | undefined {
  if (tag) return `refs/tags/${tag}`;
  return branch && !change ? `refs/heads/${branch}` : undefined;
}

/** Branch sources say CHANGE_…; the two plugins that build requests without them have names of their own. */
function whyPlanOnly(environment: Environment): string | undefined {
  if (environment['CHANGE_FORK']) return 'a change request of a fork';
  const named = ['CHANGE_ID', 'ghprbPullId', 'gitlabMergeRequestIid'].some((name) => environment[name]);
  return named ? 'a change request' : undefined;
}
