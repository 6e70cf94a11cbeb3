import { type Environment, SignwrightError } from '@signwright/signing-core';

/**
 * Refuses to send a token anywhere but to the host it is for: the one the user names beside it, else the GitLab that runs the job. The
 * address comes from a policy, and whoever can change that could have the token sent to themselves.
 *
 * @param variable the token's environment variable; `NAME_TOKEN` has its host in `NAME_HOST`.
 * @throws SignwrightError `configuration` that says what to set.
 */
export function checkTokenHost(variable: string, host: string, environment: Environment = process.env): void {
  const hostVariable = variable.replace(/_TOKEN$/, '_HOST');
  const meant = environment[hostVariable] ?? hostOfJob(environment);
  if (meant === host) return;
  const whose = meant === undefined ? 'nothing says which host it is for' : `it is for ${meant}`;
  throw new SignwrightError('configuration', `the token in ${variable} is not sent to ${host}: ${whose}`, {
    where: variable,
    next: `if ${host} may have it, set ${hostVariable}=${host} where the job's secrets are set, not in the policy`,
  });
}

function hostOfJob(environment: Environment): string | undefined {
  const server = environment['CI_SERVER_URL'] ?? '';
  return URL.canParse(server) ? new URL(server).host : undefined;
}
