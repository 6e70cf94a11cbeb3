import type { Clock } from '@signwright/signing-core';

export const systemClock: Clock = { now: () => new Date() };
