import {
  type ApprovalSource,
  checkCommits,
  checkRunCommit,
  isAbsent,
  type Json,
  type JsonObject,
  type PlatformApproval,
  platformAccount,
  type RunReference,
  runOf,
} from '@signwright/signing-core';
import { understand } from '@signwright/transport';
import { type MergeRequest, mergeRequestsOf, numberIn } from './merge-requests.ts';
import { type GitlabPeopleOptions, openQuestion, PIPELINE, type Question, timeOf, WHAT } from './question.ts';
import { referenceOf } from './reference.ts';

export type GitlabApprovalOptions = GitlabPeopleOptions & {
  /** Branches whose merge requests count, by name; the project's default branch unless told. */
  readonly branches?: readonly string[];
};

/**
 * What people decided on GitLab:
 *
 * - approvals of merge requests into `branches` whose head is the commit or which became it, given after the last push to them. Older
 *   GitLabs do not tell when; then the note does that GitLab writes of each, and one without a time is none;
 * - approvals and rejections of deployments of the commit to the environment, of the run where one is named (GitLab Premium).
 */
export function createGitlabApprovals(options: GitlabApprovalOptions): ApprovalSource {
  const where = referenceOf(options.project);
  return {
    approvals: (about) =>
      understand(WHAT, where, async () => {
        checkCommits([about.commit]);
        const question = await openQuestion(options);
        const since = about.run === undefined ? undefined : await beginningOf(question, options.project.path, about, where);
        const requests = await requestApprovals(question, options, about.commit);
        const deployments = await deploymentApprovals(question, options.project.path, about, since);
        return { approvals: [...requests, ...deployments], answer: question.digest() };
      }),
  };
}

const APPROVED = 'approved this merge request';

/** When the pipeline began, once it is seen to be of the commit. */
async function beginningOf(question: Question, project: string, about: RunReference, where: string): Promise<string> {
  const id = Number(runOf(about, PIPELINE));
  const { Pipelines } = await import('./gitbeaker.ts');
  const pipeline = await question.get(`read the pipeline ${id}`, new Pipelines(question.options).show(project, id));
  checkRunCommit(about, question.read.text(pipeline['sha'], 'sha'), where);
  return timeOf(question, pipeline['created_at'], 'created_at');
}

async function requestApprovals(
  question: Question,
  { project: { path: project }, branches }: GitlabApprovalOptions,
  commit: string,
): Promise<readonly PlatformApproval[]> {
  const counting = branches ?? [await defaultBranch(question, project)];
  const requests = (await mergeRequestsOf(question, project, commit)).filter(
    ({ target, head, became }) => counting.includes(target) && (head === commit || became.includes(commit)),
  );
  const approvals: PlatformApproval[] = [];
  for (const request of requests) approvals.push(...(await approvalsOf(question, project, request)));
  return approvals;
}

async function defaultBranch(question: Question, project: string): Promise<string> {
  const { Projects } = await import('./gitbeaker.ts');
  const found = await question.get('read the project', new Projects(question.options).show(project));
  return question.read.text(found['default_branch'], 'default_branch');
}

async function approvalsOf(question: Question, project: string, request: MergeRequest): Promise<readonly PlatformApproval[]> {
  const { read, options } = question;
  const { MergeRequestApprovals } = await import('./gitbeaker.ts');
  const { number, url } = request;
  const { approved_by: given } = await question.get(
    `read the approvals of merge request ${number}`,
    new MergeRequestApprovals(options).showConfiguration(project, { mergerequestIId: number }),
  );
  const entries = read.list(given, 'approved_by').map((entry) => read.record(entry, 'approved_by[]'));
  if (entries.length === 0) return [];
  const pushed = await lastPush(question, project, request);
  const noted: ReadonlyMap<string, string> = entries.every((entry) => !isAbsent(entry['approved_at']))
    ? new Map()
    : await notedTimes(question, project, number);
  return entries.flatMap((entry): readonly PlatformApproval[] => {
    const account = platformAccount('gitlab', read.record(entry['user'], 'user')['id']);
    const at = isAbsent(entry['approved_at']) ? noted.get(account.id) : timeOf(question, entry['approved_at'], 'approved_at');
    return at === undefined || at < pushed ? [] : [{ account, decision: 'approve', at, means: 'merge-request', url }];
  });
}

/** When the head of a merge request came to be it: each push makes a version of the diff, newest first. */
async function lastPush(question: Question, project: string, { number, head }: MergeRequest): Promise<string> {
  const { read, options } = question;
  const { MergeRequests } = await import('./gitbeaker.ts');
  const requests = new MergeRequests(options);
  const [newest] = await question.every(`list the versions of merge request ${number}`, (at) =>
    requests.allDiffVersions(project, number, at as object),
  );
  if (newest?.['head_commit_sha'] !== head) read.fail(`the merge request ${number}`, 'changes while it is asked about');
  return timeOf(question, newest?.['created_at'], 'created_at');
}

/** When each person last approved, by the notes GitLab itself writes. */
async function notedTimes(question: Question, project: string, number: number): Promise<ReadonlyMap<string, string>> {
  const { read, options } = question;
  const { MergeRequestNotes } = await import('./gitbeaker.ts');
  const notes = new MergeRequestNotes(options);
  const found = await question.every(`list the notes of merge request ${number}`, (at) =>
    notes.all(project, number, { sort: 'asc', orderBy: 'created_at', ...at }),
  );
  const own = found.filter(({ system, body }) => system === true && body === APPROVED);
  return new Map(
    own.map((note) => [
      platformAccount('gitlab', read.record(note['author'], 'author')['id']).id,
      timeOf(question, note['created_at'], 'created_at'),
    ]),
  );
}

async function deploymentApprovals(
  question: Question,
  project: string,
  { commit, environment, run }: RunReference,
  since: string | undefined,
): Promise<readonly PlatformApproval[]> {
  const { read, options } = question;
  const { Deployments } = await import('./gitbeaker.ts');
  const deployments = new Deployments(options);
  const isBefore = (entry: JsonObject): boolean =>
    since !== undefined && timeOf(question, entry['created_at'], 'created_at') < since;
  const listed = await question.every(
    'list the deployments',
    (at) => deployments.all(project, { environment, orderBy: 'id', sort: 'desc', ...at }),
    (entries) => entries.some(isBefore),
  );
  const approvals: PlatformApproval[] = [];
  for (const entry of listed) {
    const url = addressOf(entry['deployable']);
    if (entry['sha'] !== commit || (run !== undefined && pipelineOf(question, entry) !== Number(run))) continue;
    const id = numberIn(entry, 'id', question);
    const { approvals: given } = await question.get(`read the deployment ${id}`, deployments.show(project, id));
    for (const each of isAbsent(given) ? [] : read.list(given, 'approvals')) {
      const { user, status, created_at: at } = read.record(each, 'approvals[]');
      if (status !== 'approved' && status !== 'rejected') continue;
      approvals.push({
        account: platformAccount('gitlab', read.record(user, 'user')['id']),
        decision: status === 'approved' ? 'approve' : 'reject',
        at: timeOf(question, at, 'created_at'),
        means: 'deployment',
        ...url,
      });
    }
  }
  return approvals;
}

function pipelineOf({ read }: Question, entry: JsonObject): Json | undefined {
  const job = isAbsent(entry['deployable']) ? undefined : read.record(entry['deployable'], 'deployable')['pipeline'];
  return isAbsent(job) ? undefined : read.record(job, 'pipeline')['id'];
}

/** Where people see it: the job that deploys. */
function addressOf(job: Json | undefined): { readonly url?: string } {
  const url = (job as JsonObject | null | undefined)?.['web_url'];
  return typeof url === 'string' ? { url } : {};
}
