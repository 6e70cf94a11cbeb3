import { type ApprovalRequirement, requirementsOf, type Verdict } from '@signwright/signing-core';
import type { LastApproved } from './last-approved.ts';
import type { OpenRequest } from './open-request.ts';

const SHOWN = 50;

/** What a request asks for, as whoever answers it is shown it: each artifact with its digest, and what is new since the last one. */
export function requestLines({ id, request, artifacts }: OpenRequest, last: LastApproved): string[] {
  const { environment, commit, requester } = request;
  return [
    `request ${id}`,
    `  to ${environment}${commit === undefined ? '' : `, from commit ${commit}`}${requester === undefined ? '' : `, asked for by ${requester} (as the run says)`}`,
    ...artifacts.slice(0, SHOWN).flatMap((artifact) => {
      const { name, kind, digest, required } = artifact;
      return [`  ${name} (${kind}, ${required.tiers.join(' + ')})`, `    ${digest}`, `    ${last.compare(name, digest)}`];
    }),
    ...(artifacts.length > SHOWN ? [`  … and ${artifacts.length - SHOWN} more`] : []),
    ...last.lines,
  ];
}

/** What of the approvals is there, and what is missing, by requirement; each once, however many artifacts share it. */
export function standingLines(verdicts: readonly Verdict[]): string[] {
  const lines = new Map<string, number>();
  for (const { outcomes } of verdicts) {
    for (const { requirement, status, message, next } of outcomes) {
      if (!requirement.startsWith('approval:') && requirement !== 'separation-of-duties') continue;
      const line = `  ${requirement}: ${status}: ${message}${next === undefined || status === 'met' ? '' : ` → ${next.text}`}`;
      lines.set(line, (lines.get(line) ?? 0) + 1);
    }
  }
  return [...lines].map(([line, count]) =>
    count === 1 && verdicts.length === 1 ? line : `${line} (${count} of ${verdicts.length} artifacts)`,
  );
}

/** The approvals that are demanded of any of the artifacts, each once. */
export function approvalsOf({ artifacts }: OpenRequest): ApprovalRequirement[] {
  const all = artifacts.flatMap(({ required }) => requirementsOf(required.requirements, 'approval') as ApprovalRequirement[]);
  return [...new Map(all.map((one) => [one.id, one])).values()];
}
