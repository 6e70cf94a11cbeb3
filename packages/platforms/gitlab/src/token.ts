import { SignwrightError } from '@signwright/signing-core';

/** A token, and as what GitLab takes it. */
export type GitlabToken = { readonly kind: 'job' | 'private'; readonly variable: string; readonly value: string };

const JOB_TOKEN = 'CI_JOB_TOKEN';
const TOKEN = /^[\x21-\x7e]{1,8192}$/;

/**
 * Takes the token out of an environment variable: `CI_JOB_TOKEN` is sent as `JOB-TOKEN`, any other as `PRIVATE-TOKEN` (a personal,
 * project or group access token with the scope `api`).
 *
 * @param variable its name; `CI_JOB_TOKEN` where there is one, else `GITLAB_TOKEN`, unless told.
 * @throws SignwrightError `configuration` where it is not set. The message has the variable's name alone.
 */
export function readToken(env: { readonly [name: string]: string | undefined }, variable?: string): GitlabToken {
  const name = variable ?? (env[JOB_TOKEN] ? JOB_TOKEN : 'GITLAB_TOKEN');
  const value = env[name];
  if (value !== undefined && TOKEN.test(value)) return { kind: name === JOB_TOKEN ? 'job' : 'private', variable: name, value };
  const problem = value === undefined || value === '' ? 'is not set' : 'holds something that is no token';
  throw new SignwrightError('configuration', `the variable ${name} ${problem}: GitLab cannot be asked without a token`, {
    next: 'run in a CI job, which has CI_JOB_TOKEN, or set GITLAB_TOKEN to an access token with the scope api',
  });
}
