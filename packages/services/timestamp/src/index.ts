export type { TimestampClientOptions, VerifyResponse } from './client.ts';
export { createTimestampClient } from './client.ts';
export type { TimestampKey } from './trial-authority.ts';
export { createTrialTimestampAuthority, createTrialTimestampResponder } from './trial-authority.ts';
