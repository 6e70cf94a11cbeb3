import type { Demands } from './demands.ts';
import type { PolicyFile } from './generated/policy-file.ts';
import type { Path } from './problem.ts';

/**
 * Every key of a policy whose enforcement is not built yet. A run that would need one is refused, naming it; none is accepted
 * and ignored. Whoever builds the enforcement of a key takes its line out of these tables, and nothing else of this package.
 */

/** The events this version tells of. */
const TOLD_OF = ['allow', 'deny', 'pending', 'waiver', 'break-glass', 'fallback', 'expiring', 'revoked', 'log-alarm'] as const;

/** Keys at the top that any run of `sign` or `verify` would need. */
export const UNENFORCED_IN_RUN: readonly {
  readonly key: string;
  readonly what: string;
  readonly at: (content: PolicyFile) => Path | undefined;
}[] = [
  {
    key: 'workloads.*.compromised',
    what: 'cutting off what a workload signed',
    at: ({ workloads }) => {
      const [id] = Object.entries(workloads ?? {}).find(([, { compromised }]) => compromised !== undefined) ?? [];
      return id === undefined ? undefined : ['workloads', id, 'compromised'];
    },
  },
  {
    key: 'notify.on',
    what: `telling of anything but ${TOLD_OF.join(', ')}`,
    at: ({ notify }) => {
      const at = (notify ?? []).findIndex(({ on }) => on.some((event) => !(TOLD_OF as readonly string[]).includes(event)));
      return at < 0 ? undefined : ['notify', at, 'on'];
    },
  },
];

/** Keys of a tier, needed where a rule leads to it. */
export const UNENFORCED_IN_TIER: readonly {
  readonly key: string;
  /** What exactly, as the reference page has it. */
  readonly page: string;
  readonly what: string;
  readonly in: (demands: Demands) => boolean;
}[] = [
  {
    key: 'approvals',
    page: 'approvals[].document',
    what: 'approvals of a document',
    in: ({ approvals }) => approvals.some(({ document }) => document !== undefined),
  },
];

/** A key that a run would need and that is not enforced yet. */
export type Unenforced = {
  /** `tiers.production.approvals`. */
  readonly key: string;
  /** `file:line:column`. */
  readonly where: string;
  /** What would have to be done: "approvals". */
  readonly what: string;
};
