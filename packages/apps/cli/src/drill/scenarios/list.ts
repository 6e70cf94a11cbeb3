import type { Scenario } from '../scenario.ts';

/** All scenarios, in the order they are rehearsed. */
export const SCENARIOS: readonly Scenario[] = [];
