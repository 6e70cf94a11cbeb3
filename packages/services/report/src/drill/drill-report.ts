/** One thing that was held against what should happen. */
export type DrillCheck = {
  /** What should happen. */
  readonly should: string;
  /** What did. */
  readonly did: string;
  readonly ok: boolean;
  readonly exitCode?: number;
  /** Reason codes of the verdict, where there was one. */
  readonly codes?: readonly string[];
};

/**
 * What a scenario came to. `passed`: every control held. `failed`: something was let through, or refused once all was well again, or
 * nobody was left to go on. `not-applicable`: the policy has nothing that could fail like this. `error`: it could not be rehearsed.
 */
export type DrilledScenario = {
  readonly scenario: string;
  readonly verdict: 'passed' | 'failed' | 'not-applicable' | 'error';
  readonly checks: readonly DrillCheck[];
  /** What no control is there for, and what stops releases. */
  readonly findings: readonly string[];
  /** Milliseconds the commands took to notice, and until a release was allowed again; absent where there was nothing to wait for. */
  readonly detectionMs?: number;
  readonly recoveryMs?: number;
};

/** What the drill of one artifact came to. */
export type DrilledArtifact = {
  readonly artifact: string;
  readonly environment: string;
  readonly tiers: readonly string[];
  /** The drill's time of day, at which the windows were open. */
  readonly at: string;
  /** Whether a good release was allowed; else why not, and nothing else was rehearsed. */
  readonly baseline: {
    readonly allowed: boolean;
    readonly ms: number;
    readonly why?: string;
    readonly codes?: readonly string[];
  };
  readonly scenarios: readonly DrilledScenario[];
};

/** What a drill came to, whole: what is printed as JSON, and what is signed. Within version 1 keys are only added. */
export type DrillReport = {
  readonly version: 1;
  /** `failed`: a control let something through, or refused what was right. `incomplete`: something could not be rehearsed. */
  readonly result: 'passed' | 'failed' | 'incomplete';
  /** When it was run. */
  readonly at: string;
  /** The version of the program. */
  readonly program: string;
  readonly policy: { readonly file: string; readonly name?: string; readonly serial?: number; readonly digest: string };
  /** What stood in for what the policy names. */
  readonly substituted: readonly string[];
  readonly artifacts: readonly DrilledArtifact[];
};
