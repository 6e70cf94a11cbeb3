import { resolveArtifact } from '@signwright/policy';
import { type EvidenceStore, requirementsOf } from '@signwright/signing-core';
import type { ArtifactInHand } from '../context/artifacts-in-hand.ts';
import { judgeArtifacts } from '../context/judge-artifacts.ts';
import type { OpenPolicy } from '../context/open-policy.ts';
import { standingLines } from '../requests/request-lines.ts';

/** Approvals that some artifacts still wait for, as people are told; or that somebody rejected them. */
export type ApprovalsMissing = { readonly lines: readonly string[]; readonly rejected: boolean };

/** Which of the artifacts' approvals are missing; nothing where none is. */
export async function approvalsMissing(
  open: OpenPolicy,
  store: EvidenceStore,
  artifacts: readonly ArtifactInHand[],
  environment: string | undefined,
): Promise<ApprovalsMissing | undefined> {
  const where = environment === undefined ? {} : { environment };
  const asking = artifacts.filter(({ name }) => {
    const resolution = resolveArtifact(open.policy, { name, ...where });
    return resolution.status === 'required' && requirementsOf(resolution.requirements, 'approval').length > 0;
  });
  if (asking.length === 0) return undefined;
  const verdicts = await judgeArtifacts(open, store, asking, { at: Date.now(), environment, moment: 'release', askLog: true });
  const outcomes = verdicts.flatMap((verdict) => verdict.outcomes);
  const rejected = outcomes.some(({ code }) => code === 'rejected');
  return rejected || outcomes.some(({ status }) => status === 'pending')
    ? { lines: standingLines(verdicts), rejected }
    : undefined;
}
