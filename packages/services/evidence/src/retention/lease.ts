/** For how long a run that marked evidence as being removed has it to itself. Then it counts as killed. */
export const LEASE_MS: number = 10 * 60 * 1000;

/** For how long nothing that was put is removed: longer than any `put` takes, and than its time is left as it was written. */
export const GRACE_MS: number = 24 * 60 * 60 * 1000;

/** When evidence was last put is written down again where it is older than this. */
export const FRESH_MS: number = 60 * 60 * 1000;
