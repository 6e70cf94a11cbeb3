import type { S3Client } from '@aws-sdk/client-s3';
import { SignwrightError } from '@signwright/signing-core';
import { type Outgoing, refusePlain, refuseUnsafeAws } from '@signwright/transport';
import { failureOf } from './failure.ts';
import type { S3Place } from './place.ts';
import type * as Sdk from './sdk.ts';

/** The SDK, loaded, with credentials that were there a moment ago. */
export type Connected = { readonly sdk: typeof Sdk; readonly client: S3Client };

export type Connect = () => Promise<Connected>;

const CONNECT_MS = 5_000;

/**
 * Connects when first asked, and looks for credentials each time: the SDK keeps those that last and renews those that can be.
 * The SDK repeats nothing by itself, so that of every write we know what became of it; nor does it correct our clock.
 *
 * @param idle milliseconds that a server may be silent.
 * @throws SignwrightError `configuration` or `unreachable` where there are no credentials, or no region.
 */
export function connector(place: S3Place, idle: number): Connect {
  let loading: Promise<Connected> | undefined;
  return async () => {
    loading ??= load(place, idle).catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    const connected = await loading;
    await connected.client.config.region().catch(() => {
      throw new SignwrightError('configuration', `the region of the bucket ${place.bucket} is not known`, {
        next: 'say region=eu-central-1, or set AWS_REGION',
      });
    });
    await connected.client.config.credentials().catch((error: unknown) => {
      throw noCredentials(error);
    });
    return connected;
  };
}

async function load({ bucket, region, endpoint, pathStyle }: S3Place, idle: number): Promise<Connected> {
  refuseUnsafeAws(process.env, ['_S3'], `s3://${bucket}`);
  // It warns of a Node that its later versions will not run on; this one does, and comes with us.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  const sdk = await import('./sdk.ts');
  const client = new sdk.S3Client({
    ...(region !== undefined ? { region } : endpoint !== undefined ? { region: 'us-east-1' } : {}),
    ...(endpoint === undefined ? {} : { endpoint }),
    forcePathStyle: pathStyle === true,
    maxAttempts: 1,
    disableClockSkewCorrection: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: Math.min(CONNECT_MS, idle), socketTimeout: idle },
  });
  // Also an endpoint from the environment or a profile: session tokens go with every request.
  client.middlewareStack.add(
    (next) => (args) => {
      refusePlain(args.request as Outgoing, `s3://${bucket}`, 'the endpoint of the store');
      return next(args);
    },
    { step: 'finalizeRequest', priority: 'high', name: 'httpsAlone' },
  );
  return { sdk, client };
}

function noCredentials(error: unknown): SignwrightError {
  const { code, status, kind } = failureOf(error);
  if (code !== 'CredentialsProviderError' && (kind === 'busy' || (kind === 'unclear' && (status ?? 0) >= 500))) {
    return new SignwrightError('unreachable', `what issues the credentials of the store did not answer (${code})`, {
      next: 'run again; if it lasts, check that AWS STS, or what AWS_CONTAINER_CREDENTIALS_FULL_URI names, is reached from here',
    });
  }
  return new SignwrightError('configuration', `there are no credentials for the store (${code})`, {
    next: 'set AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE, AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
  });
}
