import type {
  CommitSchema,
  DeploymentSchema,
  EventSchema,
  ExpandedPipelineSchema,
  JobSchema,
  MergeRequestDiffVersionsSchema,
  MergeRequestSchema,
  NoteSchema,
  ProjectSchema,
  SimpleUserSchema,
} from '@gitbeaker/rest';
import { type FakePlatform, type PlatformReply, type PlatformRequest, startFakePlatform } from './fake-platform.ts';

/** A user as GitLab's API shows one; the names are what must not be kept. */
export type GitlabUser = Pick<SimpleUserSchema, 'id' | 'name' | 'username' | 'state' | 'web_url'>;

/**
 * A fake of GitLab's API v4, on this machine alone, by its documentation, as far as it speaks of people: pipelines and their jobs,
 * commits and their merge requests, approvals, diff versions and notes of merge requests, deployments with their approvals, and a
 * project's push events; lists paged by `page` and `per_page`. What it answers is held against the types of @gitbeaker/rest.
 */
export type FakeGitlabPeople = FakePlatform & {
  readonly pipelines: Map<string, object>;
  readonly jobs: Map<string, object[]>;
  /** Parents by commit. */
  readonly commits: Map<string, string[]>;
  /** By commit. */
  readonly requests: Map<string, object[]>;
  /** By merge request: `approved_by`, versions (newest first), notes. */
  readonly approvals: Map<string, object[]>;
  readonly versions: Map<string, object[]>;
  readonly notes: Map<string, object[]>;
  /** By environment, newest first; with `approvals`, which lists do not show. */
  readonly deployments: Map<string, GitlabDeployment[]>;
  /** Newest first. */
  readonly events: object[];
  /** Refuses what needs more than the scope it has. */
  refuses: string | undefined;
};

export type GitlabDeployment = Pick<DeploymentSchema, 'id' | 'sha' | 'created_at' | 'approvals'>;

/** The project it has, and the token it takes. */
export const GITLAB_PEOPLE_PROJECT = 'acme/tools/app';
export const GITLAB_PEOPLE_TOKEN = 'glpat-the-token-of-the-collector';

/** Starts it with nothing in it. */
export async function startFakeGitlabPeople(): Promise<FakeGitlabPeople> {
  const platform = await startFakePlatform((request) => answer(fake, request));
  const fake: FakeGitlabPeople = Object.assign(platform, {
    pipelines: new Map(),
    jobs: new Map(),
    commits: new Map(),
    requests: new Map(),
    approvals: new Map(),
    versions: new Map(),
    notes: new Map(),
    deployments: new Map(),
    events: [],
    refuses: undefined,
  });
  return fake;
}

export function gitlabUser(id: number, username: string): GitlabUser {
  const web_url = `https://gitlab.acme.example/${username}`;
  return { id, username, name: `${username} of acme`, state: 'active', web_url } satisfies Partial<SimpleUserSchema>;
}

export function gitlabPipeline(id: number, sha: string, user: GitlabUser): object {
  const created_at = '2026-11-20T10:00:00.000+02:00';
  return {
    id,
    sha,
    created_at,
    source: 'push',
    user: user as ExpandedPipelineSchema['user'],
  } satisfies Partial<ExpandedPipelineSchema>;
}

export function gitlabJob(id: number, user: GitlabUser | null): object {
  if (user === null) return { id, name: 'build', status: 'success', user };
  return { id, name: 'build', status: 'success', user: user as JobSchema['user'] } satisfies Partial<JobSchema>;
}

export function gitlabRequest(
  iid: number,
  author: GitlabUser,
  shas: { readonly head: string; readonly merge?: string; readonly squash?: string; readonly target?: string },
): object {
  return {
    iid,
    author: author as MergeRequestSchema['author'],
    state: shas.merge === undefined && shas.squash === undefined ? 'opened' : 'merged',
    sha: shas.head,
    merge_commit_sha: shas.merge ?? null,
    squash_commit_sha: shas.squash ?? null,
    target_branch: shas.target ?? 'main',
    source_branch: 'feature',
    web_url: `https://gitlab.acme.example/${GITLAB_PEOPLE_PROJECT}/-/merge_requests/${iid}`,
  } satisfies Partial<MergeRequestSchema>;
}

/** @param at what newer GitLabs tell; older ones do not. */
export function gitlabApproval(user: GitlabUser, at?: string): object {
  return { user, ...(at === undefined ? {} : { approved_at: at }) };
}

export function gitlabVersion(id: number, head_commit_sha: string, created_at: string): object {
  return { id, head_commit_sha, created_at, state: 'collected' } satisfies Partial<MergeRequestDiffVersionsSchema>;
}

export function gitlabNote(id: number, author: GitlabUser, body: string, created_at: string, system = true): object {
  return { id, author: author as NoteSchema['author'], body, created_at, system } satisfies Partial<NoteSchema>;
}

export function gitlabDeployment(
  id: number,
  sha: string,
  pipeline: number,
  approvals?: readonly (readonly [GitlabUser, 'approved' | 'rejected'])[],
  created_at: string = '2026-11-20T11:00:00.000Z',
): GitlabDeployment {
  return {
    id,
    sha,
    created_at,
    deployable: { id: id + 1000, web_url: `https://gitlab.acme.example/-/jobs/${id + 1000}`, pipeline: { id: pipeline } },
    ...(approvals === undefined
      ? {}
      : {
          approvals: approvals.map(([user, status]) => ({
            user: user as SimpleUserSchema,
            status,
            created_at: '2026-11-20T12:00:00.000Z',
            comment: `by ${user.name}`,
          })),
        }),
  } as GitlabDeployment satisfies Partial<DeploymentSchema>;
}

/** A push: `from` is null where it makes the branch, `to` where it removes it. */
export function gitlabPush(id: number, author: GitlabUser, from: string | null, to: string | null, more: object = {}): object {
  return {
    id,
    author: author as EventSchema['author'],
    author_id: author.id,
    author_username: author.username,
    action_name: from === null ? 'pushed new' : 'pushed to',
    created_at: '2026-11-20T09:00:00.000Z',
    push_data: { commit_count: 1, action: 'pushed', ref_type: 'branch', commit_from: from, commit_to: to, ref: 'main', ...more },
  } satisfies Partial<EventSchema>;
}

function answer(fake: FakeGitlabPeople, request: PlatformRequest): PlatformReply | undefined {
  if (request.headers['private-token'] !== GITLAB_PEOPLE_TOKEN) return { status: 401, body: { message: '401 Unauthorized' } };
  const prefix = `/api/v4/projects/${GITLAB_PEOPLE_PROJECT}`;
  if (!request.path.startsWith(prefix)) return { status: 404, body: { message: '404 Project Not Found' } };
  const path = request.path.slice(prefix.length);
  if (fake.refuses !== undefined && path.includes(fake.refuses)) return { status: 403, body: { message: '403 Forbidden' } };
  if (path === '') return { body: { id: 1, default_branch: 'main' } satisfies Partial<ProjectSchema> };
  if (path === '/events') return paged(request, fake.events);
  if (path === '/deployments') {
    const all = fake.deployments.get(request.query.get('environment') ?? '') ?? [];
    const hidden = all.map(({ approvals: _, ...shown }) => shown);
    return paged(request, request.query.get('sort') === 'desc' ? hidden : hidden.toReversed());
  }
  const [, kind, id = '', what, ...rest] = path.split('/');
  if (kind === 'deployments') return found([...fake.deployments.values()].flat().find((each) => String(each.id) === id));
  if (kind === 'pipelines') {
    if (what === 'jobs')
      return request.query.get('include_retried') === 'true' ? paged(request, fake.jobs.get(id) ?? []) : { body: [] };
    return found(fake.pipelines.get(id));
  }
  if (kind === 'merge_requests') {
    if (what === 'approvals') return { body: { iid: Number(id), approved_by: fake.approvals.get(id) ?? [] } };
    return paged(request, (what === 'versions' ? fake.versions : fake.notes).get(id) ?? []);
  }
  if (kind !== 'repository' || id !== 'commits' || what === undefined) return undefined;
  if (rest[0] === 'merge_requests') return paged(request, fake.requests.get(what) ?? []);
  const parent_ids = fake.commits.get(what);
  if (parent_ids === undefined) return undefined;
  return {
    body: { id: what, parent_ids, author_name: 'ann of acme', author_email: 'ann@acme.example' } satisfies Partial<CommitSchema>,
  };
}

function found(body: object | undefined): PlatformReply | undefined {
  return body === undefined ? undefined : { body };
}

function paged({ query }: PlatformRequest, all: readonly object[]): PlatformReply {
  const size = Math.min(Number(query.get('per_page') ?? 20), 100);
  const page = Number(query.get('page') ?? 1);
  return { body: all.slice((page - 1) * size, page * size) };
}
