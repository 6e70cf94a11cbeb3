import { resolveArtifact } from '@signwright/policy';
import { type ApprovalRequirement, requirementsOf, type Verdict } from '@signwright/signing-core';
import type { OpenPolicy } from '../context/open-policy.ts';
import type { Platform } from './inputs.ts';

/** Approvals that are still missing. */
export type MissingApproval = {
  readonly role: string;
  /** `platform`: a click on the platform counts; `signed`: a person's signature alone. */
  readonly kind: 'signed' | 'platform';
  readonly count: number;
  readonly missing: number;
  /** On this platform, of those who may still give it. */
  readonly accounts: readonly string[];
};

/** The approvals that verdicts wait for, each role once, with the most that any artifact lacks. */
export function missingApprovals(
  verdicts: readonly Verdict[],
  { policy }: OpenPolicy,
  platform: Platform | undefined,
): MissingApproval[] {
  const missing = new Map<string, MissingApproval>();
  for (const { artifact, environment, outcomes } of verdicts) {
    const waiting = outcomes.filter(({ code }) => code === 'approvals-missing');
    if (waiting.length === 0) continue;
    const resolution = resolveArtifact(policy, { name: artifact.name, ...(environment === 'default' ? {} : { environment }) });
    if (resolution.status !== 'required') continue;
    const asked = requirementsOf(resolution.requirements, 'approval') as ApprovalRequirement[];
    for (const { requirement, evidence, next } of waiting) {
      const wanted = asked.find(({ id }) => id === requirement);
      if (wanted === undefined) continue;
      const { id, role, kind, count } = wanted;
      const lacks = Math.max(count - evidence.length, missing.get(id)?.missing ?? 0);
      const able = role.members.filter(({ person }) => next?.people?.includes(person.id));
      const accounts = able.flatMap(({ person }) =>
        person.accounts.filter((one) => one.platform === platform).map((one) => one.id),
      );
      missing.set(id, { role: role.id, kind, count, missing: lacks, accounts: [...new Set(accounts)] });
    }
  }
  return [...missing.values()];
}
