import type { GetPublicKeyCommandOutput, KMSClient, SignCommandOutput } from '@aws-sdk/client-kms';
import { type AwsKmsReference, REMOTE_DEADLINE_MS, type RemoteKeyOptions } from '@signwright/signing-core';
import { callRemote, refuseUnsafeAws } from '@signwright/transport';
import type { SigningWords } from './algorithms.ts';
import { credentialsFrom, noCredentials } from './credentials.ts';
import { answered, explain, noRegion } from './explain.ts';
import { guardedHandler } from './guarded-handler.ts';
import type * as Sdk from './sdk.ts';

/** The two requests we send, about one key; each is bounded, and explained where it fails. */
export type AwsKms = {
  readonly getPublicKey: () => Promise<GetPublicKeyCommandOutput>;
  readonly sign: (words: SigningWords) => Promise<SignCommandOutput>;
};

type Loaded = { readonly sdk: typeof Sdk; readonly client: KMSClient; readonly region: string };

const CONNECT_MS = 5_000;
/** The SDK's own limit is 50, and it warns on the terminal when requests wait for a socket. */
const SOCKETS = 128;

/** Loads the SDK and looks for region and credentials with the first request, within its deadline. */
export function connectAwsKms(reference: AwsKmsReference, { signal, deadlineMs }: RemoteKeyOptions): AwsKms {
  const where = reference.text;
  const call = { what: 'AWS KMS', where, deadlineMs: deadlineMs ?? REMOTE_DEADLINE_MS, signal };
  let loading: Promise<Loaded> | undefined;
  const loaded = async (): Promise<Loaded> => {
    loading ??= load(reference).catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };
  const ask = <Answer>(permission: string, send: (loaded: Loaded, signal: AbortSignal) => Promise<Answer>): Promise<Answer> => {
    let region: string | undefined;
    let hasCredentials = false;
    return callRemote(
      call,
      async (ended) => {
        hasCredentials = false;
        const ready = await loaded();
        region = ready.region;
        // The SDK keeps those that last, and renews those that can be.
        await ready.client.config.credentials();
        hasCredentials = true;
        return send(ready, ended).catch(answered);
      },
      (error) =>
        hasCredentials ? explain({ permission, region, key: reference.key, where }, error) : noCredentials(error, where),
    );
  };
  const KeyId = reference.key;
  return {
    getPublicKey: () =>
      ask('kms:GetPublicKey', ({ sdk, client }, abortSignal) =>
        client.send(new sdk.GetPublicKeyCommand({ KeyId }), { abortSignal }),
      ),
    sign: (words) =>
      ask('kms:Sign', ({ sdk, client }, abortSignal) => client.send(new sdk.SignCommand({ KeyId, ...words }), { abortSignal })),
  };
}

async function load({ endpoint, region, text: where }: AwsKmsReference): Promise<Loaded> {
  // It warns of a Node that its later versions will not run on; this one does, and comes with us.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  refuseUnsafeAws(process.env, ['_KMS'], where);
  const sdk = await import('./sdk.ts');
  const agent = { keepAlive: true, maxSockets: SOCKETS };
  const requestHandler = guardedHandler(sdk, where, { connectionTimeout: CONNECT_MS, httpAgent: agent, httpsAgent: agent });
  const client = new sdk.KMSClient({
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    maxAttempts: 1,
    disableClockSkewCorrection: true,
    requestHandler,
    credentialDefaultProvider: credentialsFrom(sdk, requestHandler),
  });
  const known = await client.config.region().catch((error: unknown) => {
    throw noRegion(error, where);
  });
  return { sdk, client, region: known };
}
