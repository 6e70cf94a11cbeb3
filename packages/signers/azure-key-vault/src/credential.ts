import { type Environment, SignwrightError } from '@signwright/signing-core';
import type { AzureCredential } from './azure-key-signer.ts';
import { boundedAnswers } from './bounded-answers.ts';
import type * as Sdk from './sdk.ts';

const PIPELINE = [
  'AZURESUBSCRIPTION_TENANT_ID',
  'AZURESUBSCRIPTION_CLIENT_ID',
  'AZURESUBSCRIPTION_SERVICE_CONNECTION_ID',
  'SYSTEM_ACCESSTOKEN',
] as const;

/**
 * Who this run is to Azure: the service connection of an Azure Pipelines task, where its four variables are there, else what
 * DefaultAzureCredential finds, in its order: AZURE_CLIENT_SECRET and the like, workload identity, managed identity, then the tools
 * somebody is logged in with. AZURE_TOKEN_CREDENTIALS=prod leaves those tools out, or names the one to use.
 *
 * @throws SignwrightError `configuration` where the environment contradicts itself; whether it suffices is seen when it is used.
 */
export function credentialOf(sdk: typeof Sdk, environment: Environment, where: string): AzureCredential {
  const [tenant, client, connection, token] = PIPELINE.map((name) => environment[name] ?? '');
  try {
    if (tenant && client && connection && token)
      return new sdk.AzurePipelinesCredential(tenant, client, connection, token, clientOptions());
    return new sdk.DefaultAzureCredential(clientOptions());
  } catch (error) {
    throw new SignwrightError('configuration', `the environment says nobody to be to Azure (${nameOf(error)})`, {
      where,
      next: 'check the AZURE_… variables, and in Azure Pipelines that the task has a service connection and SYSTEM_ACCESSTOKEN',
    });
  }
}

/** New ones each time, as the SDK may write into them. */
function clientOptions(): Sdk.DefaultAzureCredentialOptions {
  return { retryOptions: { maxRetries: 0 }, additionalPolicies: [boundedAnswers] };
}

function nameOf(error: unknown): string {
  return error instanceof Error && /^\w{1,64}$/.test(error.name) ? error.name : 'Error';
}
