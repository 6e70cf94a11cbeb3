import type { Agent } from 'node:https';
import type { CryptographyClient } from '@azure/keyvault-keys';
import {
  type AzureKeyReference,
  checkPinned,
  checkRequest,
  type Environment,
  REMOTE_DEADLINE_MS,
  type RemoteKeyOptions,
  type Signer,
} from '@signwright/signing-core';
import { callRemote } from '@signwright/transport';
import { connect } from './connect.ts';
import { readEcdsa } from './ecdsa-signature.ts';
import { type Action, explain } from './explain.ts';
import { type AzureKey, nameOf, readKey } from './read-key.ts';

/** Gives tokens, as the credentials of @azure/identity do, whose types would drag theirs into whoever reads ours. */
export type AzureCredential = {
  getToken(
    scopes: string | string[],
    options?: { readonly abortSignal?: unknown },
  ): Promise<{ readonly token: string; readonly expiresOnTimestamp: number } | null>;
};

export type AzureKeySignerOptions = RemoteKeyOptions & {
  /** What says who this run is to Azure; the SDK looks at the process's own too. */
  readonly environment: Environment;
  /** Who this run is, in place of what the environment says. */
  readonly credential?: AzureCredential;
  /** How the vault is reached, in place of the system's own way: tests reach a fake by it. */
  readonly agent?: Agent;
};

/**
 * Signs with a key of an Azure Key Vault or a Managed HSM, by Microsoft's SDK, which is called without retries of its own.
 * *Experimental*: written by its documentation, tried on a fake alone.
 *
 * The version that is opened is the one that signs, whatever becomes the newest meanwhile.
 *
 * @throws SignwrightError `configuration` where something must be put right: credentials, rights, the key; `unreachable`,
 * `cancelled`. No message holds a token.
 */
export async function createAzureKeySigner(reference: AzureKeyReference, options: AzureKeySignerOptions): Promise<Signer> {
  const clients = await connect(reference, options);
  const call = <T>(action: Action, send: (signal: AbortSignal) => Promise<T>): Promise<T> =>
    callRemote(
      {
        what: 'Azure Key Vault',
        where: reference.text,
        deadlineMs: options.deadlineMs ?? REMOTE_DEADLINE_MS,
        signal: options.signal,
      },
      (signal) => send(signal).catch(readable),
      (error) => explain(error, action, reference.text, options.environment),
    );
  const bundle = await call('get', (abortSignal) =>
    clients.keys.getKey(reference.key, {
      ...(reference.version === undefined ? {} : { version: reference.version }),
      abortSignal,
    }),
  );
  const key = readKey(bundle, reference, Date.now());
  checkPinned(key.publicKey, options.publicKey, reference.text);
  const cryptography = clients.cryptographyOf(bundle);
  return {
    publicKey: async () => key.publicKey,
    certificate: async () => undefined,
    async sign(request) {
      checkRequest(request, key.algorithms, reference.text);
      return call('sign', (signal) => signDigest(cryptography, key, request.digest, reference, signal));
    },
  };
}

async function signDigest(
  cryptography: CryptographyClient,
  { name, publicKey }: AzureKey,
  digest: Uint8Array,
  reference: AzureKeyReference,
  abortSignal: AbortSignal,
): Promise<Uint8Array> {
  const { result } = await cryptography.sign(name, digest, { abortSignal });
  return publicKey.asymmetricKeyType === 'rsa' ? result : readEcdsa(result, nameOf(publicKey).bytes, reference.text);
}

/** Where an answer lacks what it must have, the SDK trips over it: that is the answer's defect, not ours. */
function readable(error: unknown): never {
  throw error instanceof TypeError ? new Error('an answer that cannot be read', { cause: error }) : error;
}
