export { detectAzureDevops } from './detect.ts';
export { AZURE_AUDIENCE } from './identity.ts';
