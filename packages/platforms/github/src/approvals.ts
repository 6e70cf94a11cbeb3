import {
  type ApprovalSource,
  checkCommits,
  checkRunCommit,
  type PlatformApproval,
  platformAccount,
  type RunReference,
  runOf,
} from '@signwright/signing-core';
import { understand } from '@signwright/transport';
import { type Ask, type GithubOptions, openAsk, WHAT, whereOf } from './ask.ts';
import { pullRequestsOf, reviewsOf } from './pull-requests.ts';

export type GithubApprovalOptions = GithubOptions & {
  /** Branches whose pull requests count, by name; the repository's default branch unless told. */
  readonly branches?: readonly string[];
};

/**
 * What people decided on GitHub:
 *
 * - reviews of the run's environments (GET …/actions/runs/{id}/approvals), where a run is named. GitHub does not tell when they were
 *   given; their time is that of the run's beginning, the earliest it can be;
 * - reviews of pull requests into `branches` whose head is the commit or which became it, each person's last of that head.
 *   A review of an earlier head, and one that was dismissed, is none.
 */
export function createGithubApprovals(options: GithubApprovalOptions): ApprovalSource {
  return {
    approvals: (about) =>
      understand(WHAT, whereOf(options), async () => {
        checkCommits([about.commit]);
        const ask = openAsk(options);
        const environments = about.run === undefined ? [] : await environmentReviews(ask, about, whereOf(options));
        const requests = await requestReviews(ask, about.commit, options.branches);
        return { approvals: [...environments, ...requests], answer: ask.digest() };
      }),
  };
}

const RUN = /^\d{1,20}$/;
const DECISIONS = new Map<unknown, PlatformApproval['decision']>([
  ['approved', 'approve'],
  ['rejected', 'reject'],
  ['APPROVED', 'approve'],
  ['CHANGES_REQUESTED', 'reject'],
]);

async function environmentReviews(ask: Ask, about: RunReference, where: string): Promise<readonly PlatformApproval[]> {
  const { read } = ask;
  const id = runOf(about, RUN);
  const run = await ask.get(`/actions/runs/${id}`, PERMISSION);
  checkRunCommit(about, read.text(run['head_sha'], 'head_sha'), where);
  const entries = await ask.every(`/actions/runs/${id}/approvals`, PERMISSION);
  return entries.flatMap((entry): readonly PlatformApproval[] => {
    const named = read.list(entry['environments'], 'environments');
    const decision = DECISIONS.get(entry['state']);
    const isAbout = named.some((each) => read.record(each, 'environments[]')['name'] === about.environment);
    if (decision === undefined || !isAbout) return [];
    const account = platformAccount('github', read.record(entry['user'], 'user')['id']);
    const at = timeOf(ask, run['created_at'], 'created_at');
    return [{ account, decision, at, means: 'environment', url: read.text(run['html_url'], 'html_url') }];
  });
}

const PERMISSION = 'actions: read';

async function requestReviews(
  ask: Ask,
  commit: string,
  branches: readonly string[] | undefined,
): Promise<readonly PlatformApproval[]> {
  const { read } = ask;
  const approvals: PlatformApproval[] = [];
  for (const { number, head, merge, base } of await pullRequestsOf(ask, commit)) {
    const counts = branches === undefined ? base.isDefault : branches.includes(base.branch);
    if (!counts || (head !== commit && merge !== commit)) continue;
    const last = new Map<string, PlatformApproval>();
    for (const review of await reviewsOf(ask, number)) {
      const decision = DECISIONS.get(review['state']);
      if (decision === undefined || review['user'] === null || review['commit_id'] !== head) continue;
      const account = platformAccount('github', read.record(review['user'], 'user')['id']);
      const at = timeOf(ask, review['submitted_at'], 'submitted_at');
      last.set(account.id, { account, decision, at, means: 'merge-request', url: read.text(review['html_url'], 'html_url') });
    }
    approvals.push(...last.values());
  }
  return approvals;
}

function timeOf({ read }: Ask, value: Parameters<Ask['read']['instant']>[0], path: string): string {
  return new Date(read.instant(value, path)).toISOString();
}
