import { SignwrightError } from '@signwright/signing-core';

/** A URI (RFC 3986) of printable ASCII with a scheme, as Go, and so Vault, reads and writes it unchanged. */
const URI = /^[a-z][a-z0-9+.-]*:[\w.~:/?#[\]@!$&'()*+,;=%-]+$/;
const LONGEST = 1_000;

/**
 * The name a certificate of Vault is asked for: the token's subject where it is a URI (those of GitHub, Azure DevOps, Jenkins and
 * Kubernetes are), else, as GitLab's is none, `https://` and its `ci_config_ref_uri`, which Fulcio writes too.
 *
 * @param idToken a compact JWT; Vault verifies it. @param host for messages.
 * @throws SignwrightError `configuration` where it has neither.
 */
export function vaultNameOf(idToken: string, host: string): string {
  const { sub, ci_config_ref_uri: config } = claimsOf(idToken);
  const name = [sub, typeof config === 'string' ? `https://${config}` : undefined].find(isName);
  if (name !== undefined) return name;
  throw new SignwrightError('configuration', 'the ID token names its workload by no URI, and Vault certifies nothing else', {
    where: host,
    next: 'use an issuer whose subject (sub) is one, or GitLab, whose ci_config_ref_uri is',
  });
}

function isName(claim: unknown): claim is string {
  return typeof claim === 'string' && claim.length <= LONGEST && URI.test(claim);
}

function claimsOf(token: string): { readonly [name: string]: unknown } {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    return typeof claims === 'object' && claims !== null ? (claims as { readonly [name: string]: unknown }) : {};
  } catch {
    return {};
  }
}
