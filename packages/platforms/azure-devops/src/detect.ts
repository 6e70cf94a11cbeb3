import { type CiJob, describeJob, type Environment } from '@signwright/signing-core';
import { createAzureIdentity } from './identity.ts';

/**
 * The Azure Pipelines job this run is part of, as its variables say it
 * (https://learn.microsoft.com/azure/devops/pipelines/build/variables); nothing elsewhere.
 */
export function detectAzureDevops(environment: Environment): CiJob | undefined {
  if (!environment['TF_BUILD']) return undefined;
  return describeJob({
    platform: 'azure-devops',
    title: 'Azure Pipelines',
    url: urlOf(environment),
    requester: environment['BUILD_REQUESTEDFORID'],
    repository: environment['BUILD_REPOSITORY_URI'],
    ref: environment['BUILD_SOURCEBRANCH'],
    commit: environment['BUILD_SOURCEVERSION'],
    planOnly: whyPlanOnly(environment),
    identity: createAzureIdentity(environment),
  });
}

function urlOf(environment: Environment): string | undefined {
  const { SYSTEM_COLLECTIONURI: collection, SYSTEM_TEAMPROJECT: project, BUILD_BUILDID: build } = environment;
  return collection && project && build ? `${collection}${project}/_build/results?buildId=${build}` : undefined;
}

/** A pipeline that another's completion started has its own reason, and the branch of the one before it. */
function whyPlanOnly(environment: Environment): string | undefined {
  const { BUILD_REASON: reason = '', BUILD_SOURCEBRANCH: branch = '' } = environment;
  if (/^true$/i.test(environment['SYSTEM_PULLREQUEST_ISFORK'] ?? '')) return 'a pull request of a fork';
  if (reason === 'PullRequest' || environment['SYSTEM_PULLREQUEST_PULLREQUESTID'] || branch.startsWith('refs/pull/'))
    return 'a pull request';
  return reason.endsWith('Shelveset') ? 'a shelveset: what it builds is not checked in yet' : undefined;
}
