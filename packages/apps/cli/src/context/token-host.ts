import { type Environment, SignwrightError } from '@signwright/signing-core';

/**
 * Refuses to send a token anywhere but to the host it is for: the one the user names beside it, else the GitLab that runs the job. The
 * address comes from a policy, and whoever can change that could have the token sent to themselves.
 *
 * @param variable the token's environment variable; `NAME_TOKEN` has its host in `NAME_HOST`.
 * @throws SignwrightError `configuration` that says what to set.
 */
export function checkTokenHost(variable: string, host: string, environment: Environment = process.env): void {
  const hostVariable = hostVariableOf(variable);
  const meant = hostOf(variable, environment);
  if (meant === host) return;
  const whose = meant === undefined ? 'nothing says which host it is for' : `it is for ${meant}`;
  throw new SignwrightError('configuration', `the token in ${variable} is not sent to ${host}: ${whose}`, {
    where: variable,
    next: `if ${host} may have it, set ${hostVariable}=${host} where the job's secrets are set, not in the policy`,
  });
}

/** Whether there is a token, and it is for this host. */
export function isTokenFor(variable: string, host: string, environment: Environment = process.env): boolean {
  return Boolean(environment[variable]) && hostOf(variable, environment) === host;
}

function hostVariableOf(variable: string): string {
  return variable.replace(/_TOKEN$/, '_HOST');
}

function hostOf(variable: string, environment: Environment): string | undefined {
  return environment[hostVariableOf(variable)] ?? hostOfJob(environment);
}

function hostOfJob(environment: Environment): string | undefined {
  const server = environment['CI_SERVER_URL'] ?? '';
  return URL.canParse(server) ? new URL(server).host : undefined;
}
