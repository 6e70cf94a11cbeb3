import { createPublicKey } from 'node:crypto';
import { resolve } from 'node:path';
import type { SignerDefinition } from '@signwright/policy';
import type { Passphrase } from '@signwright/signer-file';
import { keyIdOf, parseKeyReference, type RemoteKeyOptions, type Signer, SignwrightError } from '@signwright/signing-core';

/** What opening keys of one run rests on. */
export type OpeningKeys = {
  /** The policy's directory, which paths are relative to. */
  readonly directory: string;
  readonly passphrase?: Passphrase | undefined;
  readonly signal?: AbortSignal;
  /** This job's ID token for an audience, checked. */
  readonly idToken: (audience: string) => Promise<string>;
};

/** A key as the policy has it. */
export type PolicyKey = SignerDefinition['keys'][number];

/**
 * Opens a key where it stays, and holds it against the one the policy pins.
 *
 * @throws SignwrightError `unreachable` where it could not be asked, others where it can not be used.
 */
export async function openKey({ ref, rule }: PolicyKey, { id, where }: SignerDefinition, opening: OpeningKeys): Promise<Signer> {
  const signer = await openReference(ref, `signer ${id}`, opening, { publicKey: createPublicKey(rule.publicKey) });
  if (keyIdOf(await signer.publicKey()) === rule.keyId) return signer;
  throw new SignwrightError(
    'configuration',
    `the private key ${resolve(opening.directory, ref)} does not belong to the public key the policy pins for signer ${id}`,
    { where, next: 'put the right key there, or pin its public key (openssl pkey -in KEY -pubout)' },
  );
}

/** Opens whatever key a reference leads to. The library of each provider is loaded here, when it is needed. */
export async function openReference(
  text: string,
  whose: string,
  { directory, passphrase, signal, idToken }: OpeningKeys,
  pinned: Pick<RemoteKeyOptions, 'publicKey'>,
): Promise<Signer> {
  const reference = parseKeyReference(text);
  const options = { ...pinned, ...(signal === undefined ? {} : { signal }) };
  const environment = process.env;
  switch (reference.scheme) {
    case 'awskms':
      return (await import('@signwright/signer-aws-kms')).createAwsKmsSigner(reference, options);
    case 'gcpkms':
      return (await import('@signwright/signer-google-kms')).createGoogleKmsSigner(reference, { ...options, environment });
    case 'azurekms':
      return (await import('@signwright/signer-azure-key-vault')).createAzureKeySigner(reference, { ...options, environment });
    case 'hashivault': {
      const { address } = reference;
      const token = address === undefined ? {} : { idToken: () => idToken(address) };
      return (await import('@signwright/signer-vault')).createVaultSigner(reference, { ...options, environment, ...token });
    }
    case 'pkcs11':
      return (await import('@signwright/signer-pkcs11')).createPkcs11Signer(reference, { ...options, environment });
    case 'file': {
      const path = resolve(directory, reference.path);
      const { createFileSigner } = await import('@signwright/signer-file');
      return createFileSigner({ path, passphrase: passphrase ?? noPassphrase(whose, path) });
    }
  }
}

function noPassphrase(id: string, path: string): Passphrase {
  return async () => {
    throw new SignwrightError('usage', `the private key of ${id} is encrypted, and nothing says where its passphrase is`, {
      where: path,
      next: 'name the environment variable (--passphrase-env NAME) or the descriptor (--passphrase-fd 3) that holds it',
    });
  };
}
