import { refuseUnenforced, unenforcedInRun } from '@signwright/policy';
import {
  APPROVAL,
  type Approval,
  type ApprovalRequirement,
  type Decision,
  isMember,
  type PersonRule,
  SignwrightError,
  type Verdict,
  writeApproval,
} from '@signwright/signing-core';
import { judgeArtifacts } from '../context/judge-artifacts.ts';
import { evidencePlace, openEvidence } from '../context/open-evidence.ts';
import { type OpenPolicy, openPolicy, trustRootOf } from '../context/open-policy.ts';
import { openTimestamps } from '../context/open-timestamps.ts';
import type { Run } from '../context/run.ts';
import { EXIT } from '../exit.ts';
import { checkReason } from '../people/check-reason.ts';
import { confirm } from '../people/confirm.ts';
import { openPerson, type PersonOptions } from '../people/person-key.ts';
import { publishStatement } from '../people/publish-statement.ts';
import { strictestAudit } from '../people/record-person.ts';
import { printLines, printNote } from '../print-lines.ts';
import { gateLines } from '../requests/gates.ts';
import { findLastApproved } from '../requests/last-approved.ts';
import { type OpenRequest, openRequest } from '../requests/open-request.ts';
import { approvalsOf, peopleAreDone, requestLines, standingLines } from '../requests/request-lines.ts';

export type ApproveOptions = PersonOptions & {
  readonly policy: string;
  readonly anchor?: string;
  readonly evidence?: string;
  /** Names of the artifacts it is about; all of the request unless told. */
  readonly only?: string[];
  readonly reject?: true;
  readonly withdraw?: true;
  readonly reason?: string;
  readonly yes?: true;
  readonly quiet?: true;
};

/**
 * `signwright approve REQUEST`: shows what is asked, asks the person, and signs their word: an approval, a rejection, or the withdrawal
 * of what they said before.
 */
export async function approve(id: string, options: ApproveOptions, run: Run): Promise<number> {
  const decision = decisionOf(options);
  checkReason(options.reason);
  const open = await openPolicy(options, new Date());
  refuseUnenforced(unenforcedInRun(open.policy));
  const note = (line: string): void => {
    if (!options.quiet) printNote(line);
  };
  const store = await openEvidence(evidencePlace(open, options.evidence), open);
  const asked = await openRequest(open, store, id, options.only);
  const person = await openPerson(open, options, run.signal);
  const judge = ({ artifacts }: OpenRequest = asked): Promise<Verdict[]> =>
    judgeArtifacts(open, store, artifacts, {
      at: Date.now(),
      environment: asked.request.environment === 'default' ? undefined : asked.request.environment,
      moment: 'release',
      askLog: true,
    });

  printLines([...requestLines(asked, await findLastApproved(asked, open, run.signal)), ...standingLines(await judge())]);
  if (decision !== 'withdraw') refuseStranger(person.person, asked, decision);
  await confirm(`${person.person.id} (${person.where}): ${decision} ${countOf(asked)}?`, options.yes ?? false, run.signal);

  const approval = approvalOf(open, asked, person.person, decision, options.reason);
  const demands = asked.artifacts.map(({ required }) => required.demands);
  const record = {
    said: decision,
    request: asked.id,
    environment: asked.request.environment,
    artifacts: asked.artifacts.map(({ name, digest, kind, required }) => ({
      name,
      digest,
      kind,
      tier: required.tiers.join(' + '),
      requirements: required.digest,
    })),
    audit: strictestAudit(demands),
  } as const;
  const timestamps = await openTimestamps(open, trustRootOf(open, note), note);
  const subjects = [asked.id, ...asked.artifacts.map(({ digest }) => digest)];
  const retain = Math.max(0, ...demands.map(({ retain = 0 }) => retain));
  const speaking = { open, person, timestamps, store, note };
  const signed = await publishStatement(writeApproval(approval), APPROVAL, subjects, record, speaking, retain);
  const until = approval.expires === undefined ? '' : `, until ${approval.expires}`;
  const verdicts = await judge();
  printLines([`${person.person.id} ${DONE[decision]}: evidence ${signed.evidence}${until}`, ...standingLines(verdicts)]);
  const isLast = async (): Promise<boolean> =>
    peopleAreDone(verdicts) && (await othersAreDone(options, () => openRequest(open, store, id), judge));
  if (decision === 'approve' && (await isLast())) printLines(await gateLines(store, asked.id));
  return EXIT.allow;
}

/** Whether people are done with the artifacts of a request that were left aside, too. */
async function othersAreDone(
  { only }: ApproveOptions,
  openWhole: () => Promise<OpenRequest>,
  judge: (asked: OpenRequest) => Promise<Verdict[]>,
): Promise<boolean> {
  if (only === undefined) return true;
  try {
    return peopleAreDone(await judge(await openWhole()));
  } catch (error) {
    // The policy demands something else of one of them by now: nobody can be done with it.
    if (error instanceof SignwrightError && error.code === 'denied') return false;
    throw error;
  }
}

const DONE: Readonly<Record<Decision, string>> = { approve: 'approved', reject: 'rejected', withdraw: 'withdrew' };

function decisionOf({ reject, withdraw, reason }: ApproveOptions): Decision {
  if (reject && withdraw) throw new SignwrightError('usage', 'either --reject or --withdraw', { next: 'give one of the two' });
  if (reject && reason === undefined) {
    throw new SignwrightError('usage', 'a rejection needs a reason', { next: 'say why: --reject --reason "…"' });
  }
  return reject ? 'reject' : withdraw ? 'withdraw' : 'approve';
}

/** Refuses an approval or rejection that would not count: whoever signs it would think it did. */
function refuseStranger({ id }: PersonRule, asked: OpenRequest, decision: Decision): void {
  const approvals = approvalsOf(asked);
  if (approvals.some(({ role }) => isMember(role, id, Date.now()))) return;
  const roles = [...new Set(approvals.map(({ role }) => role.id))].join(', ');
  throw new SignwrightError(
    'denied',
    `${id} is of none of the roles that approve this (${roles || 'none'}), so it would not count`,
    {
      next: `nothing was signed; have somebody of these roles ${decision} it`,
    },
  );
}

function approvalOf(
  { policy }: OpenPolicy,
  { id, request, artifacts }: OpenRequest,
  person: PersonRule,
  decision: Decision,
  reason: string | undefined,
): Approval {
  const expiries = approvalsOf({ id, request, artifacts }).flatMap(({ expire }: ApprovalRequirement) => expire ?? []);
  const expires = decision === 'approve' && expiries.length > 0 ? { expires: inSeconds(Math.min(...expiries)) } : {};
  return {
    decision,
    person: person.id,
    given: new Date().toISOString(),
    environment: request.environment,
    request: id,
    artifacts: artifacts.map(({ name, kind, digest, requirements }) => ({ name, kind, digest, requirements })),
    ...expires,
    ...(reason === undefined ? {} : { reason }),
    policy: { ...(policy.name === undefined ? {} : { name: policy.name }), digest: policy.digest },
  };
}

function inSeconds(seconds: number): string {
  return new Date(Date.now() + seconds * 1000).toISOString();
}

function countOf({ artifacts }: OpenRequest): string {
  return artifacts.length === 1 ? (artifacts[0]?.name ?? '') : `these ${artifacts.length} artifacts`;
}
