import {
  checkPinned,
  checkRequest,
  type Environment,
  REMOTE_DEADLINE_MS,
  type RemoteKeyOptions,
  SIGNATURE_ALGORITHMS,
  type SignatureAlgorithm,
  type Signer,
  type VaultReference,
} from '@signwright/signing-core';
import { placeOf } from './place.ts';
import { keyPath, readKey, type VaultKey } from './read-key.ts';
import { readSignature } from './read-signature.ts';
import { createSession } from './session.ts';
import { type Ask, createVault } from './vault.ts';

export type VaultSignerOptions = RemoteKeyOptions & {
  /** VAULT_ADDR, VAULT_NAMESPACE, VAULT_TOKEN or VAULT_TOKEN_FILE, VAULT_ROLE_ID and VAULT_SECRET_ID are looked for here. */
  readonly environment: Environment;
  /** The job's ID token, checked already, for `login=jwt`; it is sent to this Vault alone. */
  readonly idToken?: () => Promise<string>;
  /** Certificates in PEM that are trusted for its TLS beside the system's. */
  readonly ca?: readonly string[];
};

const HASH_NAMES: { readonly [hash: string]: string } = { sha256: 'sha2-256', sha384: 'sha2-384' };

/**
 * Signs with a key of a transit engine, of HashiCorp Vault or OpenBao, by their HTTP API. *Experimental*: written by its
 * documentation, tried on a fake alone.
 *
 * The version that is opened is the one that signs, whatever becomes the newest meanwhile. Where a login's token has run out, it
 * logs in again.
 *
 * @throws SignwrightError `configuration` where something must be put right: address, login, policy, key; `unreachable`,
 * `cancelled`. No message holds a token.
 */
export async function createVaultSigner(reference: VaultReference, options: VaultSignerOptions): Promise<Signer> {
  const place = placeOf(reference, options.environment);
  const vault = createVault({
    place,
    session: createSession(reference, options),
    where: reference.text,
    deadlineMs: options.deadlineMs ?? REMOTE_DEADLINE_MS,
    signal: options.signal,
    ca: options.ca,
  });
  const key = readKey(await vault.ask({ method: 'GET', path: keyPath(reference), capability: 'read' }), reference);
  checkPinned(key.publicKey, options.publicKey, reference.text);
  return {
    publicKey: async () => key.publicKey,
    certificate: async () => undefined,
    async sign(request) {
      checkRequest(request, key.algorithms, reference.text);
      const answer = await vault.ask(
        signing(reference, key, request.algorithm, request.message ?? request.digest, request.digest),
      );
      return readSignature(answer, key, reference.text);
    },
  };
}

/** What is sent to be signed: the message for Ed25519, which hashes it itself, else its digest. */
function signing(
  { mount, key: name }: VaultReference,
  key: VaultKey,
  algorithm: SignatureAlgorithm,
  message: Uint8Array,
  digest: Uint8Array,
): Ask {
  const common = { method: 'POST', capability: 'update' } as const;
  const path = `${mount}/sign/${name}`;
  if (algorithm === 'ed25519')
    return { ...common, path, body: { input: Buffer.from(message).toString('base64'), key_version: key.version } };
  return {
    ...common,
    path: `${path}/${HASH_NAMES[SIGNATURE_ALGORITHMS[algorithm].hash]}`,
    body: {
      input: Buffer.from(digest).toString('base64'),
      prehashed: true,
      key_version: key.version,
      ...(algorithm === 'rsa-pkcs1-sha256' ? { signature_algorithm: 'pkcs1v15' } : { marshaling_algorithm: 'asn1' }),
    },
  };
}
