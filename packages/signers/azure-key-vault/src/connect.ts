import type { CryptographyClient, KeyClient, KeyClientOptions, KeyVaultKey } from '@azure/keyvault-keys';
import { type AzureKeyReference, SignwrightError } from '@signwright/signing-core';
import type { AzureKeySignerOptions } from './azure-key-signer.ts';
import { boundedAnswers } from './bounded-answers.ts';
import { credentialOf } from './credential.ts';

export type Clients = {
  readonly keys: KeyClient;
  /** Signs with just the version it is given; it asks nobody about it again, and signs nothing itself. */
  cryptographyOf(key: KeyVaultKey): CryptographyClient;
};

/** @throws SignwrightError `configuration` where the vault could not be reached safely, or there are no credentials to begin with. */
export async function connect(reference: AzureKeyReference, options: AzureKeySignerOptions): Promise<Clients> {
  const off = (message: string, next: string): SignwrightError =>
    new SignwrightError('configuration', message, { where: reference.text, next });
  if (!reference.vault.startsWith('https:'))
    throw off('Azure Key Vault is asked by https alone', 'write its host: azurekms://VAULT.vault.azure.net/KEY');
  // The SDKs heed it, also where they ask for a token.
  if (options.environment['NODE_TLS_REJECT_UNAUTHORIZED'] === '0')
    throw off(
      'NODE_TLS_REJECT_UNAUTHORIZED=0 would have anybody answer as Azure',
      'take it out; NODE_EXTRA_CA_CERTS adds an authority',
    );
  // Their logs are for who develops with them, and not all of them leave out secrets.
  delete process.env['AZURE_LOG_LEVEL'];
  const sdk = await import('./sdk.ts');
  const credential = options.credential ?? credentialOf(sdk, options.environment, reference.text);
  return {
    keys: new sdk.KeyClient(reference.vault, credential, clientOptions(options)),
    cryptographyOf: (key) => new sdk.CryptographyClient(key, credential, clientOptions(options)),
  };
}

/** New ones each time: the SDK writes into them. That the vault is of the domain the token is for, it verifies unless told not to. */
function clientOptions({ agent }: AzureKeySignerOptions): KeyClientOptions {
  return {
    retryOptions: { maxRetries: 0 },
    redirectOptions: { maxRetries: 0 },
    ...(agent === undefined ? {} : { agent }),
    additionalPolicies: [
      boundedAnswers,
      {
        position: 'perCall',
        policy: {
          name: 'errorsHaveBodies',
          // It trips over an error without one, and so would hide its status.
          async sendRequest(request, next) {
            const response = await next(request);
            if (response.status >= 300 && !response.bodyAsText) response.bodyAsText = '{}';
            return response;
          },
        },
      },
    ],
  };
}
