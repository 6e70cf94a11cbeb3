import { type Environment, type IdentityProvider, SignwrightError } from '@signwright/signing-core';

const VARIABLE = 'SIGNWRIGHT_ID_TOKEN';

/**
 * The job's ID token. GitLab gives it as a variable, for the audience the job's own `id_tokens` names; whether that is the one asked
 * for is seen when the token is checked.
 */
export function createGitlabIdentity(environment: Environment): IdentityProvider {
  return {
    async idToken(audience) {
      const token = environment[VARIABLE]?.trim();
      if (token) return token;
      throw new SignwrightError('configuration', `this job has no ID token: the variable ${VARIABLE} is not set`, {
        where: '.gitlab-ci.yml',
        next: `add to the job:\n  id_tokens:\n    ${VARIABLE}:\n      aud: ${JSON.stringify(audience)}`,
      });
    },
  };
}
