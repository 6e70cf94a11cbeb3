import { type Environment, SignwrightError } from '@signwright/signing-core';

const LOOPBACK = /^(127\.0\.0\.1|localhost|\[?::1\]?)$/;
/** The services that are asked for credentials ("Service-specific endpoints", AWS SDKs and Tools Reference). */
const CREDENTIALS = ['', '_STS', '_SSO', '_SSO_OIDC', '_SIGNIN'];

/**
 * Refuses what the environment says that would give AWS's secrets away, before anything is asked: certificates nobody verifies, and
 * endpoints over plain http.
 *
 * @param services whose own endpoints count beside those that credentials come from: `_KMS`, `_S3`.
 * @throws SignwrightError `configuration` that names the variable.
 */
export function refuseUnsafeAws(environment: Environment, services: readonly string[], where: string): void {
  if (environment['NODE_TLS_REJECT_UNAUTHORIZED'] === '0')
    throw new SignwrightError('configuration', 'NODE_TLS_REJECT_UNAUTHORIZED=0 would have anybody answer as AWS', {
      where,
      next: 'take it out; NODE_EXTRA_CA_CERTS=FILE adds an authority',
    });
  for (const name of [...CREDENTIALS, ...services].map((service) => `AWS_ENDPOINT_URL${service}`)) {
    const value = environment[name];
    if (value === undefined || value === '') continue;
    if (!URL.canParse(value))
      throw new SignwrightError('configuration', `${name} is no address`, {
        where,
        next: 'write it as https://HOST, or unset it',
      });
    refusePlain(new URL(value), where, name);
  }
}

/** Where a request goes to, as an SDK has made it up from options, environment and profiles. */
export type Outgoing = { readonly protocol: string; readonly hostname: string };

/** Tokens go with every request, and an ID token with that for credentials. @throws SignwrightError `configuration`. */
export function refusePlain({ protocol, hostname }: Outgoing, where: string, from = 'an endpoint of AWS'): void {
  if (protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname))) return;
  throw new SignwrightError('configuration', `${from} is ${protocol}//${hostname}, which is not https`, {
    where,
    next: 'use https in AWS_ENDPOINT_URL, those of its services (AWS_ENDPOINT_URL_STS …) and the profile; http is for this machine alone',
  });
}
