import type { JsonObject } from '@signwright/signing-core';
import { textOf } from './claims-table.ts';

/** Why a job may plan and not sign, by what its token says; undefined for what is not that rule's. */
type Rule = (claim: (name: string) => string | undefined) => string | undefined;

const RULES: readonly Rule[] = [
  gitlabFork,
  gitlabMergeRequest,
  gitlabChildOfUnknown,
  githubPullRequest,
  githubMergeQueue,
  unmergedRef,
];

/**
 * Whether the token is of a merge request, a fork or what is not merged yet. All platforms' rules are asked whatever the platform is
 * said to be: they read claims of different names.
 */
export function whyPlanOnly(claims: JsonObject): string | undefined {
  for (const rule of RULES) {
    const why = rule((name) => textOf(claims, name));
    if (why !== undefined) return why;
  }
  return undefined;
}

/** From GitLab 18.2.2 on `project_…` are the fork's, and from 18.4 `job_project_…` the project's the job runs in; child pipelines too. */
function gitlabFork(claim: (name: string) => string | undefined): string | undefined {
  const runsIn = claim('job_project_id');
  return runsIn !== undefined && runsIn !== claim('project_id') ? 'a merge-request pipeline of a fork' : undefined;
}

/** Merge trains have this source too. Before GitLab 18.2.2 a fork's pipeline cannot be told from the project's own. */
function gitlabMergeRequest(claim: (name: string) => string | undefined): string | undefined {
  const source = claim('pipeline_source');
  if (source === 'merge_request_event') return 'a merge-request pipeline';
  return source === 'external_pull_request_event' ? 'a pipeline of an external pull request' : undefined;
}

/**
 * A child pipeline hides its parent's source. Before GitLab 18.2.2 the child of a fork's merge request from the fork's `main` has the
 * claims of one of the project's `main`; a token without `job_project_id` may be such a one.
 */
function gitlabChildOfUnknown(claim: (name: string) => string | undefined): string | undefined {
  const child = claim('pipeline_source') === 'parent_pipeline';
  return child && claim('job_project_id') === undefined
    ? 'a child pipeline on a GitLab before 18.4, whose token may hide a merge request'
    : undefined;
}

function githubPullRequest(claim: (name: string) => string | undefined): string | undefined {
  const event = claim('event_name');
  return event?.startsWith('pull_request') ? `a pull request (${event.slice(0, 40)})` : undefined;
}

function githubMergeQueue(claim: (name: string) => string | undefined): string | undefined {
  const queued = claim('ref')?.startsWith('refs/heads/gh-readonly-queue/') && claim('event_name') !== undefined;
  return queued || claim('event_name') === 'merge_group' ? 'a merge queue: what it builds is not merged yet' : undefined;
}

/** Where platforms keep what is proposed: GitHub and Azure DevOps, GitLab. */
function unmergedRef(claim: (name: string) => string | undefined): string | undefined {
  const refs = ['ref', 'ref_path', 'rpo_ref'].map(claim);
  return refs.some((ref) => ref !== undefined && /^refs\/(?:pull|merge-requests)\//.test(ref)) ? 'a pull request' : undefined;
}
