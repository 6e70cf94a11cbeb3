import { type CollectedApprovals, PLATFORM_APPROVALS, readPlatformApprovals } from '../duties/platform-approvals.ts';
import { personWith } from '../match-person.ts';
import type { PlatformApproval } from '../ports/approval-source.ts';
import type { ApprovalRequirement, PersonRule } from '../requirement.ts';
import type { Refusal } from '../verdict.ts';
import type { VerifiedStatement } from '../verify-evidence.ts';
import { type DecisionContext, whyNotNow } from './context.ts';
import { whyNotBy } from './duties.ts';
import { readingOnce } from './read-once.ts';
import type { Heard } from './words.ts';

type Why = Omit<Refusal, 'evidence'>;

/**
 * What people clicked on platforms, as a collector attests: about this artifact, in this environment, and about the very commit that
 * the certificates of its signatures carry. Where all must sign, a click approves nothing and still rejects: who demands more must not
 * hear less.
 */
export function hearPlatforms(
  requirements: readonly ApprovalRequirement[],
  people: readonly PersonRule[],
  commits: ReadonlySet<string>,
  context: DecisionContext,
): { readonly heard: readonly Heard[]; readonly refused: readonly Refusal[] } {
  const collectors = requirements.flatMap((one) => one.collectors);
  const answers: Answer[] = [];
  const refused: Refusal[] = [];
  for (const one of context.statements ?? []) {
    if (one.statement.predicateType !== PLATFORM_APPROVALS || !one.digests.has(context.artifact.digest)) continue;
    const read = readAnswer(one);
    const why =
      'why' in read ? read.why : (whyNotNow(one, context) ?? whyNotBy(one, collectors) ?? whyNotOf(read.said, commits, context));
    if (why) refused.push({ evidence: one.evidence, ...why });
    else if ('said' in read) answers.push({ one, said: read.said });
  }
  const newest = newestOf(answers);
  const heard = answers.flatMap((answer) =>
    answer.said.approvals
      .filter(({ decision }) => decision === 'reject' || newest.has(answer))
      .flatMap((approval) => wordOf(approval, answer.one, people)),
  );
  return { heard, refused: requirements.some(({ kind }) => kind === 'platform') ? refused : [] };
}

type Answer = { readonly one: VerifiedStatement; readonly said: CollectedApprovals };

const readAnswer = readingOnce(readPlatformApprovals);

/**
 * The last answer of each project. An approval that was taken back is in it no more, so those of earlier answers do not count; what was
 * once rejected stays so until whoever did it approves.
 */
function newestOf(answers: readonly Answer[]): ReadonlySet<Answer> {
  const newest = new Map<string, Answer>();
  for (const answer of answers) {
    const key = JSON.stringify([answer.said.platform, answer.said.project ?? null]);
    const [a, b] = [answer.one, newest.get(key)?.one];
    if (b === undefined || a.time.at > b.time.at || (a.time.at === b.time.at && a.evidence < b.evidence)) newest.set(key, answer);
  }
  return new Set(newest.values());
}

function whyNotOf(said: CollectedApprovals, commits: ReadonlySet<string>, { environment }: DecisionContext): Why | undefined {
  if (said.environment !== environment.id)
    return { code: 'other-environment', message: `it is about the environment ${said.environment}` };
  if (commits.has(said.commit)) return undefined;
  const known =
    commits.size === 0
      ? 'no certificate of the signatures names a commit'
      : `the signatures' certificates name ${[...commits].join(', ')}`;
  return { code: 'other-commit', message: `it is about the commit ${said.commit}, and ${known}` };
}

/** A click counts from when the platform says it was made, and never later than the collector saw it. */
function wordOf(
  { account, decision, at }: PlatformApproval,
  { evidence, time, development, revocation }: VerifiedStatement,
  people: readonly PersonRule[],
): Heard[] {
  const person = personWith(account, people);
  if (person === undefined) return [];
  return [
    {
      person,
      decision,
      kind: 'platform',
      at: Math.min(Date.parse(at), time.at),
      evidence,
      development,
      unsure: revocation !== undefined,
    },
  ];
}
