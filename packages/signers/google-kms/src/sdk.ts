/** What we use of the SDK, in a module of its own: it is loaded when a key is first used. */
export { KeyManagementServiceClient } from '@google-cloud/kms';
export { credentials } from '@grpc/grpc-js';
export { GoogleAuth, PassThroughClient } from 'google-auth-library';
