import type { ExpandedUserSchema, NoteSchema, ReleaseLinkSchema, ReleaseSchema } from '@gitbeaker/rest';
import { type FakePlatform, type PlatformReply, type PlatformRequest, startFakePlatform } from './fake-platform.ts';

export type GitlabComment = Pick<NoteSchema, 'id' | 'body' | 'system'> & { readonly author: { readonly id: number } };
export type GitlabReleaseLink = Pick<ReleaseLinkSchema, 'id' | 'name' | 'url' | 'link_type'>;

/**
 * A fake of GitLab's API v4, on this machine alone, by its documentation, as far as it is told things: notes of one merge request, the
 * responses of external status checks, and the links of releases. Requests have JSON bodies; others are refused.
 */
export type FakeGitlabPublishing = FakePlatform & {
  /** Of the merge request 7, oldest first. */
  readonly comments: GitlabComment[];
  /** `CHECK STATUS` of the commit, in order. */
  readonly checks: string[];
  /** By tag. */
  readonly releases: Map<string, GitlabReleaseLink[]>;
  /** The head of the merge request's source branch. */
  head: string;
  /** The ids of external status checks; none without the licence for them. */
  licensed: readonly number[];
  /** `read_api`: nothing can be written. */
  scope: 'api' | 'read_api';
};

export const GITLAB_PUBLISHING_PROJECT = 'acme/app';
export const GITLAB_PUBLISHING_TOKEN = 'glpat-the-token-of-the-publisher';
/** Whose token it is. */
export const GITLAB_PUBLISHER = 41;

/** Starts it with an empty merge request and no release. */
export async function startFakeGitlabPublishing(): Promise<FakeGitlabPublishing> {
  const platform = await startFakePlatform((request) => answer(fake, request));
  const fake: FakeGitlabPublishing = Object.assign(platform, {
    comments: [],
    checks: [],
    releases: new Map(),
    head: 'a'.repeat(40),
    licensed: [],
    scope: 'api' as const,
  });
  return fake;
}

function answer(fake: FakeGitlabPublishing, request: PlatformRequest): PlatformReply | undefined {
  const { method, headers, path } = request;
  if (headers['private-token'] !== GITLAB_PUBLISHING_TOKEN) return { status: 401, body: { message: '401 Unauthorized' } };
  if (method !== 'GET' && fake.scope === 'read_api') return { status: 403, body: { error: 'insufficient_scope' } };
  if (path === '/api/v4/user') return { body: { id: GITLAB_PUBLISHER, username: 'bot' } satisfies Partial<ExpandedUserSchema> };
  const project = `/api/v4/projects/${GITLAB_PUBLISHING_PROJECT}/`;
  const [kind, id, ...rest] = path.startsWith(project) ? path.slice(project.length).split('/') : [];
  const given = method === 'GET' ? {} : bodyOf(request);
  if (given === undefined) return { status: 415, body: { error: 'The provided content-type is not supported.' } };
  if (kind === 'merge_requests' && id === '7') {
    const [what, note] = rest;
    if (what === 'notes') return notes(fake, request, note, given);
    if (what === 'status_check_responses' && method === 'POST') return check(fake, given);
  }
  if (kind === 'releases' && id !== undefined) return release(fake, request, id, rest, given);
  return undefined;
}

function bodyOf({ headers, body }: PlatformRequest): Readonly<Record<string, unknown>> | undefined {
  return headers['content-type'] === 'application/json' ? JSON.parse(body) : undefined;
}

function notes(
  { comments }: FakeGitlabPublishing,
  request: PlatformRequest,
  note: string | undefined,
  { body }: Readonly<Record<string, unknown>>,
): PlatformReply | undefined {
  if (request.method === 'GET') return paged(request, request.query.get('sort') === 'asc' ? comments : comments.toReversed());
  if (typeof body !== 'string') return { status: 400, body: { error: 'body is missing' } };
  if (request.method === 'POST') {
    const made = { id: 1000 + comments.length, body, system: false, author: { id: GITLAB_PUBLISHER } };
    comments.push(made);
    return { status: 201, body: made };
  }
  const at = comments.findIndex(({ id }) => String(id) === note);
  const present = comments[at];
  if (present === undefined) return undefined;
  if (present.author.id !== GITLAB_PUBLISHER) return { status: 403, body: { message: '403 Forbidden' } };
  comments[at] = { ...present, body };
  return { body: comments[at] };
}

function check(fake: FakeGitlabPublishing, given: Readonly<Record<string, unknown>>): PlatformReply | undefined {
  const { sha, external_status_check_id: id, status } = given;
  if (typeof id !== 'number' || !fake.licensed.includes(id)) return undefined;
  if (sha !== fake.head) return { status: 409, body: { message: 'sha does not match' } };
  if (status !== 'passed' && status !== 'failed' && status !== 'pending')
    return { status: 400, body: { error: 'status does not have a valid value' } };
  fake.checks.push(`${id} ${status}`);
  return { status: 201, body: { id: 1, external_status_check: { id } } };
}

function release(
  { releases }: FakeGitlabPublishing,
  request: PlatformRequest,
  tag: string,
  [assets, links, link]: readonly string[],
  given: Readonly<Record<string, unknown>>,
): PlatformReply | undefined {
  const present = releases.get(tag);
  if (present === undefined) return undefined;
  if (assets === undefined) return { body: { tag_name: tag, name: tag } satisfies Partial<ReleaseSchema> };
  if (links !== 'links') return undefined;
  const { name, url } = given;
  const taken = present.some((one) => String(one.id) !== link && (one.name === name || one.url === url));
  if (taken) return { status: 400, body: { message: { name: ['has already been taken'] } } };
  switch (request.method) {
    case 'GET':
      return paged(request, present);
    case 'POST': {
      const made = {
        id: 500 + present.length,
        name: String(name),
        url: String(url),
        link_type: String(given['link_type'] ?? 'other'),
      };
      present.push(made);
      return { status: 201, body: made };
    }
    default: {
      const at = present.findIndex(({ id }) => String(id) === link);
      const before = present[at];
      if (before === undefined) return undefined;
      present[at] = { ...before, ...given };
      return { body: present[at] };
    }
  }
}

function paged({ query }: PlatformRequest, all: readonly object[]): PlatformReply {
  const size = Math.min(Number(query.get('per_page') ?? 20), 100);
  const page = Number(query.get('page') ?? 1);
  return { body: all.slice((page - 1) * size, page * size) };
}
