import type { IdentityProvider } from '@signwright/signing-core';
import { checkIdToken, type TokenRules } from './check-id-token.ts';

/**
 * Gives on the tokens of another provider, each checked first ({@link checkIdToken}): what a certificate issuer is handed is good, for
 * the audience asked for, and of a job the policy names.
 *
 * @throws SignwrightError as checkIdToken, and as the provider does.
 */
export function checkedIdentity(provider: IdentityProvider, rules: TokenRules): IdentityProvider {
  return {
    async idToken(audience) {
      const token = await provider.idToken(audience);
      await checkIdToken(token, { ...rules, audience });
      return token;
    },
  };
}
