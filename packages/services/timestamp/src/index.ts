export type { TimestampClientOptions, VerifyResponse } from './client.ts';
export { createTimestampClient } from './client.ts';
export type { TimestampKey } from './trial-authority.ts';
export { createTrialTimestampAuthority } from './trial-authority.ts';
