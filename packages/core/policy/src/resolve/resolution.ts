import type { Kind, Requirement, Sha256 } from '@signwright/signing-core';
import type { Demands } from '../demands.ts';
import type { Unenforced } from '../enforcement.ts';
import type { RuleRef } from '../policy.ts';

/** What is asked: an artifact by its name, the kind a signed part calls it, and where it is to go. */
export type Query = {
  readonly name: string;
  /** As a signed part says it; absent for a file in hand, which is matched by its name alone. */
  readonly kind?: Kind;
  /** Absent, the environment is `default`. */
  readonly environment?: string;
};

/** Where an artifact is to go. */
export type ResolvedEnvironment = {
  readonly id: string;
  readonly allowDevelopment: boolean;
  /** Whether what is demanded depends on it: a rule that matched names tiers by environment. */
  readonly matters: boolean;
};

/** What the policy says of one artifact in one environment. All but `required` let nothing through. */
export type Resolution = { readonly queries: readonly Query[] } & (
  | Required
  | { readonly status: 'unlisted'; readonly hint: string }
  | { readonly status: 'never'; readonly rule: RuleRef }
  | { readonly status: 'environment-not-listed'; readonly rule: RuleRef; readonly allowed: readonly string[] }
  | { readonly status: 'environment-needed'; readonly choices: readonly string[] }
);

/** What is demanded. Where `unenforced` has anything, nothing may be decided by it. */
export type Required = {
  readonly status: 'required';
  readonly kind: Kind;
  readonly environment: ResolvedEnvironment;
  /** The tiers its rules lead to, one a layer at the most. */
  readonly tiers: readonly string[];
  /** Sorted by id. */
  readonly requirements: readonly Requirement[];
  /** What is demanded beside the requirements. */
  readonly demands: Demands;
  /** The requirements digest: over all that is demanded here, and nothing else of the policy. */
  readonly digest: Sha256;
  readonly trustRoot?: Sha256;
  readonly rules: readonly RuleRef[];
  /** `false` where the tier only observes. */
  readonly enforced: boolean;
  readonly unenforced: readonly Unenforced[];
};
