import type { DrillReport, PlanRow } from '@signwright/report';
import type { Sha256, Verdict } from '@signwright/signing-core';
import type { OpenPolicy } from './open-policy.ts';

/** What a command is given beside its arguments and options. */
export type Run = {
  /** Aborted when the user asks to stop. */
  readonly signal: AbortSignal;
  /** Whoever wants to know more of what it came to than its output and exit code say. */
  readonly watch?: Watch;
};

/** What a command tells of what it came to, as it goes. */
export type Watch = {
  plan(rows: readonly PlanRow[], open: OpenPolicy): void;
  verdicts(verdicts: readonly Verdict[], open: OpenPolicy): void;
  drill(report: DrillReport, open: OpenPolicy): void;
  /** A request that asks for approvals of what was judged. */
  request(id: Sha256): void;
};
