import type { KeyManagementServiceClient, protos } from '@google-cloud/kms';
import {
  type Environment,
  type GoogleKmsReference,
  REMOTE_DEADLINE_MS,
  type RemoteKeyOptions,
  SignwrightError,
} from '@signwright/signing-core';
import { callRemote } from '@signwright/transport';
import type { AuthClient, GoogleAuth } from 'google-auth-library';
import type { SigningWords } from './algorithms.ts';
import { emulatorOf } from './emulator.ts';
import { explain, noCredentials } from './explain.ts';
import { checkPublicKey, checkSignature } from './intact.ts';

export type GoogleKmsOptions = RemoteKeyOptions & {
  /** Where SIGNWRIGHT_GCPKMS_EMULATOR_HOST may name a stand-in on this machine. The credentials' own variables Google's library reads. */
  readonly environment?: Environment;
};

/** The two requests we send, about one key version; each is bounded, checked, and explained where it fails. */
export type GoogleKms = {
  readonly getPublicKey: () => Promise<protos.google.cloud.kms.v1.IPublicKey>;
  readonly sign: (words: SigningWords) => Promise<Uint8Array>;
};

type Connected = { readonly client: KeyManagementServiceClient; readonly credentials: AuthClient; readonly auth?: GoogleAuth };

const SCOPES = ['https://www.googleapis.com/auth/cloudkms'];
const SERVICE = 'https://cloudkms.googleapis.com/google.cloud.kms.v1.KeyManagementService';
const MAX_ANSWER = 1024 * 1024;
const PERMISSION_DENIED = 7;
const IDENTITY_MS = 1_000;
/** gRPC's own deadline comes after ours, which says more. */
const AFTER_MS = 1_000;

/** Loads the SDK and looks for credentials with the first request, within its deadline. */
export function connectGoogleKms(reference: GoogleKmsReference, options: GoogleKmsOptions): GoogleKms {
  const { text: where, version: name } = reference;
  const deadlineMs = options.deadlineMs ?? REMOTE_DEADLINE_MS;
  const call = { what: 'Google Cloud KMS', where, deadlineMs, signal: options.signal };
  const emulator = emulatorOf(options.environment ?? {}, where);
  let connecting: Promise<Connected> | undefined;
  const connected = (): Promise<Connected> => {
    connecting ??= connect(emulator, reference).catch((error: unknown) => {
      connecting = undefined;
      throw error;
    });
    return connecting;
  };
  const ask = <Answer>(
    permission: string,
    send: (client: KeyManagementServiceClient, options: CallOptions) => Promise<Answer>,
  ): Promise<Answer> => {
    let identity: string | undefined;
    return callRemote(
      call,
      async (signal) => {
        const { client, auth, credentials } = await connected();
        // They are kept, and renewed when they must be; here they fail with a reason, within gRPC without.
        await credentials.getRequestHeaders(SERVICE).catch((error: unknown) => {
          throw noCredentials(error, where);
        });
        try {
          return await send(client, callOptions(signal, deadlineMs + AFTER_MS));
        } catch (error) {
          if ((error as { code?: unknown }).code === PERMISSION_DENIED) identity = await identityOf(auth);
          throw error;
        }
      },
      (error) => explain({ permission, identity, where }, error),
    );
  };
  return {
    getPublicKey: () =>
      ask('cloudkms.cryptoKeyVersions.viewPublicKey', async (client, how) => {
        const [answer] = await client.getPublicKey({ name }, how);
        checkPublicKey(answer, name);
        return answer;
      }),
    sign: (words) =>
      ask('cloudkms.cryptoKeyVersions.useToSign', async (client, how) => {
        const [answer] = await client.asymmetricSign({ name, ...words }, how);
        return checkSignature(answer, name);
      }),
  };
}

async function connect(
  emulator: { host: string; port: number } | undefined,
  { version, text: where }: GoogleKmsReference,
): Promise<Connected> {
  const sdk = await import('./sdk.ts');
  // Said by the key, or Google's library would ask the metadata server or the Resource Manager for it.
  const [, projectId = ''] = version.split('/');
  const limits = { 'grpc.max_receive_message_length': MAX_ANSWER };
  if (emulator !== undefined) {
    const credentials = new sdk.PassThroughClient();
    const auth = new sdk.GoogleAuth({ authClient: credentials, projectId });
    const plain = { apiEndpoint: emulator.host, port: emulator.port, sslCreds: sdk.credentials.createInsecure() };
    const client = new sdk.KeyManagementServiceClient({ auth, ...plain, ...limits, 'grpc.enable_http_proxy': 0 });
    return { client, credentials };
  }
  refuseUnverified(where);
  const auth = new sdk.GoogleAuth({ scopes: SCOPES, projectId });
  try {
    // Before the client is made, which would look for them by itself and leave their failure to nobody.
    const credentials = await auth.getClient();
    const universeDomain = await auth.getUniverseDomain();
    const client = new sdk.KeyManagementServiceClient({ auth, universeDomain, ...limits });
    await client.initialize();
    return { client, auth, credentials };
  } catch (error) {
    throw noCredentials(error, where);
  }
}

/** gRPC verifies all the same; what asks for credentials, with the job's ID token, does not. */
function refuseUnverified(where: string): void {
  if (process.env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0')
    throw new SignwrightError('configuration', 'NODE_TLS_REJECT_UNAUTHORIZED=0 would have anybody answer as Google', {
      where,
      next: 'take it out; NODE_EXTRA_CA_CERTS=FILE adds an authority',
    });
}

type CallOptions = { timeout: number; retry: { retryCodes: number[] }; otherArgs: { [name: string]: unknown } };
type Interceptor = (
  options: object,
  next: (options: object) => { cancelWithStatus(code: number, details: string): void },
) => object;

/** No retries, and given up when the signal says so: gax hands on no signal, but gRPC's interceptors see the call. */
function callOptions(signal: AbortSignal, timeout: number): CallOptions {
  const stoppable: Interceptor = (options, next) => {
    const call = next(options);
    const CANCELLED = 1;
    signal.addEventListener('abort', () => call.cancelWithStatus(CANCELLED, 'stopped'), { once: true });
    return call;
  };
  return { timeout, retry: { retryCodes: [] }, otherArgs: { options: { interceptors: [stoppable] } } };
}

/** The account that asks, as far as it is known soon; what else is known of it (its key) is looked at by nobody. */
async function identityOf(auth: GoogleAuth | undefined): Promise<string | undefined> {
  if (auth === undefined) return undefined;
  const late = new Promise<undefined>((resolve) => void setTimeout(() => resolve(undefined), IDENTITY_MS).unref());
  const known = auth.getCredentials().then(
    ({ client_email: email }) => (email !== undefined && /^[\w.+@-]{3,200}$/.test(email) ? email : undefined),
    () => undefined,
  );
  return Promise.race([known, late]);
}
