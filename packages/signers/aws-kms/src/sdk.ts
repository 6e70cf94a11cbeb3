/** What we use of the SDK, in a module of its own: it is loaded when a key is first used, and a bundler leaves out the rest. */
export { GetPublicKeyCommand, KMSClient, SignCommand } from '@aws-sdk/client-kms';
export { fromHttp } from '@aws-sdk/credential-provider-http';
export { defaultProvider } from '@aws-sdk/credential-provider-node';
export { NodeHttpHandler } from '@smithy/node-http-handler';
