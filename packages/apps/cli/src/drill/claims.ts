import type { TrialClaims } from '@signwright/certificates';
import { compileGlob, type WorkloadRule } from '@signwright/signing-core';
import { nameFor } from './subjects.ts';

/** The commit that every release of a drill is made of. */
export const COMMIT: string = `${'d12'.repeat(13)}d`;

const PROJECT = 'https://trial.signwright.invalid/drill/project';

/**
 * What a job of a workload says of itself: a value for every pattern.
 *
 * @param source a pattern the repository should match too, where it can.
 */
export function claimsOf(workload: WorkloadRule | undefined, source?: string): TrialClaims {
  const { repository = source ?? PROJECT, subject, ref, runner, trigger, environment } = workload ?? {};
  const both = source !== undefined && compileGlob(repository)(nameFor(source)) ? source : repository;
  return {
    repository: nameFor(both),
    repository_id: nameFor(workload?.['repository-id'] ?? '1'),
    ref: nameFor(ref ?? 'refs/heads/main'),
    runner_environment: nameFor(runner ?? 'self-hosted'),
    trigger: nameFor(trigger ?? 'push'),
    sha: COMMIT,
    ...(environment === undefined ? {} : { environment: nameFor(environment) }),
    ...(subject === undefined ? {} : { sub: nameFor(subject) }),
  };
}

/** The variables of a GitLab job with these claims: keys of pipelines are used in a pipeline alone. */
export function jobVariables({ repository, repository_id, ref, trigger }: TrialClaims): Record<string, string> {
  const tag = /^refs\/tags\/(.+)$/.exec(ref)?.[1];
  const branch = /^refs\/heads\/(.+)$/.exec(ref)?.[1];
  return {
    CI: 'true',
    GITLAB_CI: 'true',
    CI_PROJECT_ID: repository_id,
    CI_PROJECT_URL: repository,
    CI_JOB_URL: `${PROJECT}/-/jobs/1`,
    CI_COMMIT_SHA: COMMIT,
    CI_PIPELINE_SOURCE: trigger,
    ...(tag === undefined ? {} : { CI_COMMIT_TAG: tag }),
    ...(branch === undefined ? {} : { CI_COMMIT_BRANCH: branch }),
  };
}
