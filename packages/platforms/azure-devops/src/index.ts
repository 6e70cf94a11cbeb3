export { createAzureDevopsApprovals } from './approvals.ts';
export type { AzureDevopsOptions } from './ask.ts';
export { detectAzureDevops } from './detect.ts';
export { AZURE_AUDIENCE } from './identity.ts';
export { createAzureDevopsPeople } from './people.ts';
