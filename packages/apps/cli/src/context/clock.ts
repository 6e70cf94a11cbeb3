import type { Clock } from '@signwright/signing-core';

/** This machine's clock. */
export const systemClock: Clock = { now: () => new Date() };
