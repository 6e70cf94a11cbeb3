import { type Environment, SignwrightError } from '@signwright/signing-core';

const LOOPBACK = /^(127\.0\.0\.1|localhost|\[?::1\]?)$/;
/** Of the services that are asked for credentials, and of AWS KMS ("Service-specific endpoints", AWS SDKs and Tools Reference). */
const ENDPOINTS = ['', '_KMS', '_STS', '_SSO', '_SSO_OIDC', '_SIGNIN'].map((service) => `AWS_ENDPOINT_URL${service}`);

/**
 * Refuses what the environment says that would give secrets away, before anything is asked.
 *
 * @throws SignwrightError `configuration` that names the variable.
 */
export function refuseUnsafe(environment: Environment, where: string): void {
  // The agent for AWS KMS could overrule it, but not that for a container's credentials.
  if (environment['NODE_TLS_REJECT_UNAUTHORIZED'] === '0')
    throw new SignwrightError('configuration', 'NODE_TLS_REJECT_UNAUTHORIZED=0 would have anybody answer as AWS', {
      where,
      next: 'take it out; NODE_EXTRA_CA_CERTS=FILE adds an authority',
    });
  for (const name of ENDPOINTS) {
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

/** Where a request goes to, as the SDK has made it up from options, environment and profiles. */
export type Outgoing = { readonly protocol: string; readonly hostname: string };

/** Tokens go with every request, and an ID token with that for credentials. @throws SignwrightError `configuration`. */
export function refusePlain({ protocol, hostname }: Outgoing, where: string, from = 'an endpoint of AWS'): void {
  if (protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname))) return;
  throw new SignwrightError('configuration', `${from} is ${protocol}//${hostname}, which is not https`, {
    where,
    next: 'use https in AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_KMS, AWS_ENDPOINT_URL_STS and the profile; http is for this machine alone',
  });
}
