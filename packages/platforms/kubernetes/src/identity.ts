import { type Environment, type IdentityProvider, SignwrightError } from '@signwright/signing-core';
import { readToken } from './token-file.ts';

/** The variable that names the file of the token. */
export const TOKEN_FILE = 'SIGNWRIGHT_ID_TOKEN_FILE';

/**
 * The pod's ID token, projected into the file SIGNWRIGHT_ID_TOKEN_FILE names and renewed there by the kubelet, so it is read anew each
 * time. Its audience is the projection's own; whether that is the one asked for is seen when the token is checked.
 */
export function createKubernetesIdentity(environment: Environment): IdentityProvider {
  return {
    async idToken(audience) {
      const path = environment[TOKEN_FILE];
      if (path) return readToken(path, TOKEN_FILE);
      throw new SignwrightError('configuration', `this pod has no ID token: ${TOKEN_FILE} is not set`, {
        next: `project one: volumes: [{ name: id-token, projected: { sources: [{ serviceAccountToken: { path: token, audience: ${JSON.stringify(audience)}, expirationSeconds: 600 } }] } }], and name its file in ${TOKEN_FILE}`,
      });
    },
  };
}
