import { type Environment, type IdentityProvider, SignwrightError } from '@signwright/signing-core';
import { readToken } from './token-file.ts';

const VARIABLE = 'SIGNWRIGHT_ID_TOKEN';
const FILE = 'SIGNWRIGHT_ID_TOKEN_FILE';

/**
 * The build's ID token: a credential of the oidc-provider plugin (https://plugins.jenkins.io/oidc-provider), bound as text to
 * SIGNWRIGHT_ID_TOKEN or as a file to SIGNWRIGHT_ID_TOKEN_FILE. Its audience is the credential's own; whether that is the one asked
 * for is seen when the token is checked.
 */
export function createJenkinsIdentity(environment: Environment): IdentityProvider {
  return {
    async idToken(audience) {
      const token = environment[VARIABLE]?.trim();
      if (token) return token;
      const path = environment[FILE];
      if (path) return readToken(path, FILE);
      throw new SignwrightError('configuration', `this build has no ID token: neither ${VARIABLE} nor ${FILE} is set`, {
        next: `make a credential "OpenID Connect id token" with the audience ${audience}, and wrap the step: withCredentials([string(credentialsId: 'ID', variable: '${VARIABLE}')]) { … }`,
      });
    },
  };
}
