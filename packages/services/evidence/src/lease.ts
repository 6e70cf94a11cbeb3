/** For how long a run that marked evidence as being removed has it to itself. Then it counts as killed. */
export const LEASE_MS: number = 10 * 60 * 1000;
