/** What we use of the SDKs, in a module of its own: it is loaded when a key is first used, and a bundler leaves out the rest. */
export { AzurePipelinesCredential, DefaultAzureCredential, type DefaultAzureCredentialOptions } from '@azure/identity';
export { CryptographyClient, KeyClient } from '@azure/keyvault-keys';
