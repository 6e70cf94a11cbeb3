import { type CiJob, describeJob, type Environment } from '@signwright/signing-core';
import { createGithubIdentity } from './identity.ts';
import { whyWorkflowRunPlansOnly } from './workflow-run.ts';

/**
 * The GitHub Actions job this run is part of, as its variables say it
 * (https://docs.github.com/actions/reference/workflows-and-actions/variables); nothing elsewhere.
 */
export function detectGithub(environment: Environment): CiJob | undefined {
  if (!environment['GITHUB_ACTIONS']) return undefined;
  return describeJob({
    platform: 'github',
    title: 'GitHub Actions',
    url: urlOf(environment),
    requester: environment['GITHUB_ACTOR_ID'],
    repository: repositoryOf(environment),
    ref: environment['GITHUB_REF'],
    commit: environment['GITHUB_SHA'],
    planOnly: whyPlanOnly(environment),
    identity: createGithubIdentity(environment),
  });
}

function repositoryOf({ GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository }: Environment): string | undefined {
  return server && repository ? `${server}/${repository}` : undefined;
}

function urlOf(environment: Environment): string | undefined {
  const { GITHUB_RUN_ID: run, GITHUB_RUN_ATTEMPT: attempt } = environment;
  const repository = repositoryOf(environment);
  return repository && run && attempt ? `${repository}/actions/runs/${run}/attempts/${attempt}` : undefined;
}

/** Each event whose name begins so runs for a pull request, `pull_request_target` with the base's own secrets. */
function whyPlanOnly(environment: Environment): string | undefined {
  const { GITHUB_EVENT_NAME: event = '', GITHUB_REF: ref = '' } = environment;
  if (event.startsWith('pull_request')) return `a pull request (${event})`;
  if (ref.startsWith('refs/pull/')) return 'a pull request';
  if (event === 'merge_group' || ref.startsWith('refs/heads/gh-readonly-queue/'))
    return 'a merge queue: what it builds is not merged yet';
  return event === 'workflow_run' ? whyWorkflowRunPlansOnly(environment) : undefined;
}
