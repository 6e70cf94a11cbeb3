import type { KMSClientConfig } from '@aws-sdk/client-kms';
import { messageOf, SignwrightError } from '@signwright/signing-core';
import type { Failure } from '@signwright/transport';
import type { NodeHttpHandler } from '@smithy/node-http-handler';
import { failureOf, isUnreached, type SdkFailure } from './failure.ts';
import type * as Sdk from './sdk.ts';

type Provide = NonNullable<KMSClientConfig['credentialDefaultProvider']>;

/** Where AWS's tools look for credentials, each place asked once and through our handler, as far as the SDK lets it. */
export function credentialsFrom(sdk: typeof Sdk, requestHandler: NodeHttpHandler): Provide {
  return (init: object) => {
    const clientConfig = { maxAttempts: 1, requestHandler };
    const provide = sdk.defaultProvider({ ...init, maxRetries: 0, clientConfig });
    return async (told) => {
      try {
        return await provide(told);
      } catch (error) {
        if (error instanceof SignwrightError) throw error;
        if (!isOfContainer(error)) throw new Error('no credentials', { cause: error });
      }
      // The SDK drops why a container's endpoint gave none, so it is asked by itself.
      return sdk
        .fromHttp({ maxRetries: 0 })()
        .catch((error: unknown) => {
          throw new Error('no credentials', { cause: endpointFailure(error) });
        });
    };
  };
}

/** Every place was asked, and the last is what a container is told of. */
function isOfContainer(error: unknown): boolean {
  const wasAsked = /^Could not load credentials from any providers|container metadata service/.test(messageOf(error));
  return wasAsked && CONTAINER.some((name) => process.env[name] !== undefined);
}

/** As `fromHttp` of the SDK words what its endpoint answered, or that the connection failed: it keeps neither status nor code. */
function endpointFailure(error: unknown): Error {
  const said = messageOf(error);
  const known = (told: object): Error => Object.assign(new Error('no credentials', { cause: error }), told);
  const status = /^Server responded with status: (\d{3})$/.exec(said)?.[1];
  if (status !== undefined) return known({ statusCode: Number(status) });
  const code = /^(?:Timeout)?Error: (?:connect|read|write|getaddrinfo) (E[A-Z_]+)/.exec(said)?.[1];
  if (code !== undefined) return known({ code });
  return /^(TimeoutError: |Error: socket hang up|AggregateError)/.test(said) ? known({ code: 'ECONNRESET' }) : known({});
}

const CONTAINER = ['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', 'AWS_CONTAINER_CREDENTIALS_FULL_URI'];
const DEPTH = 5;

/** Why there are no credentials. Only where nothing answered, or what did is throttled or broken, it may be had elsewhere or later. */
export function noCredentials(error: unknown, where: string): Failure {
  const failures = failuresIn(error);
  const busy = failures.find(isBusy);
  const silent = busy ?? failures.find(isUnreached);
  const named = failures.find(({ name }) => name !== 'Error') ?? failureOf(error);
  const { name } = silent ?? failures.find(({ status }) => status !== undefined) ?? named;
  const container = CONTAINER.find((variable) => process.env[variable] !== undefined);
  const asked = container === undefined ? 'AWS STS' : `what ${container} names`;
  if (silent !== undefined)
    return {
      again: busy !== undefined,
      error: new SignwrightError('unreachable', `what issues the credentials for AWS did not answer (${name})`, {
        where,
        next: `run again; if it lasts, check that ${asked} is reached from here`,
      }),
    };
  return { again: false, error: refused(name, container, where) };
}

function refused(name: string, container: string | undefined, where: string): SignwrightError {
  // Who issues credentials has answered, and it is for the job to bring a token that lasts: see `expired` in explain.ts.
  if (name.startsWith('ExpiredToken'))
    return new SignwrightError('configuration', `the token for credentials of AWS has expired (${name})`, {
      where,
      next: 'get a new one, then run again',
    });
  const given = container === undefined ? '' : `; ${container} names what should give them, and did not: check it and its token`;
  return new SignwrightError('configuration', `there are no credentials for AWS (${name})`, {
    where,
    next: `set AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE (of a role that trusts the job), AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY${given}`,
  });
}

function isBusy({ name, status = 0 }: SdkFailure): boolean {
  return status === 429 || status >= 500 || (status >= 400 && /^(Throttl|TooManyRequests|RequestLimitExceeded)/.test(name));
}

/** The error and its causes. */
function failuresIn(error: unknown, depth = 0): readonly SdkFailure[] {
  return error instanceof Error && depth < DEPTH ? [failureOf(error), ...failuresIn(error.cause, depth + 1)] : [];
}
