import { type CollectedApprovals, PLATFORM_APPROVALS, readPlatformApprovals } from '../duties/platform-approvals.ts';
import { SignwrightError } from '../error.ts';
import type { PlatformAccount, PlatformApproval } from '../ports/approval-source.ts';
import type { ApprovalRequirement, PersonRule } from '../requirement.ts';
import type { Refusal } from '../verdict.ts';
import type { VerifiedStatement } from '../verify-evidence.ts';
import { type DecisionContext, whyNotNow } from './context.ts';
import { whyNotBy } from './duties.ts';
import type { Heard } from './words.ts';

type Why = Omit<Refusal, 'evidence'>;

/**
 * What people clicked on platforms, as a collector attests: about this artifact, in this environment, and about the very commit that
 * the certificates of its signatures carry. Where no requirement lets clicks count, none is heard.
 */
export function hearPlatforms(
  requirements: readonly ApprovalRequirement[],
  people: readonly PersonRule[],
  commits: ReadonlySet<string>,
  context: DecisionContext,
): { readonly heard: readonly Heard[]; readonly refused: readonly Refusal[] } {
  const asking = requirements.find(({ kind }) => kind === 'platform');
  const newest = new Map<string, Answer>();
  const refused: Refusal[] = [];
  for (const one of asking === undefined ? [] : (context.statements ?? [])) {
    if (one.statement.predicateType !== PLATFORM_APPROVALS || !one.digests.has(context.artifact.digest)) continue;
    const read = readAnswer(one);
    const why =
      'why' in read
        ? read.why
        : (whyNotNow(one, context) ?? whyNotBy(one, asking?.collectors ?? []) ?? whyNotOf(read.said, commits, context));
    if (why) refused.push({ evidence: one.evidence, ...why });
    else if ('said' in read) keepNewest(newest, { one, said: read.said });
  }
  const heard = [...newest.values()].flatMap(({ one, said }) =>
    said.approvals.flatMap((approval) => wordOf(approval, one, people)),
  );
  return { heard, refused };
}

type Answer = { readonly one: VerifiedStatement; readonly said: CollectedApprovals };

/** What a platform answers last is all it says: an approval that was taken back is in it no more. */
function keepNewest(newest: Map<string, Answer>, answer: Answer): void {
  const key = JSON.stringify([answer.said.platform, answer.said.project ?? null]);
  const before = newest.get(key);
  const [a, b] = [answer.one, before?.one];
  if (b === undefined || a.time.at > b.time.at || (a.time.at === b.time.at && a.evidence < b.evidence)) newest.set(key, answer);
}

function readAnswer({ statement }: VerifiedStatement): { readonly said: CollectedApprovals } | { readonly why: Why } {
  try {
    return { said: readPlatformApprovals(statement) };
  } catch (error) {
    if (!(error instanceof SignwrightError)) throw error;
    return { why: { code: 'malformed', message: error.message } };
  }
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
  { evidence, time, development }: VerifiedStatement,
  people: readonly PersonRule[],
): Heard[] {
  const person = people.find(({ accounts }) => accounts.some((one) => isSame(one, account)));
  if (person === undefined) return [];
  const when = Math.min(Date.parse(at), time.at);
  return [
    { person: person.id, at: when, evidence, word: { person, decision, kind: 'platform', at: when, evidence, development } },
  ];
}

function isSame(a: PlatformAccount, b: PlatformAccount): boolean {
  return a.platform === b.platform && a.id.toLowerCase() === b.id.toLowerCase();
}
