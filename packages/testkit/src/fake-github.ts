import { type FakePlatform, type PlatformReply, type PlatformRequest, startFakePlatform } from './fake-platform.ts';

/** A user as GitHub's API shows one; the name and the address are what must not be kept. */
export type GithubUser = { readonly id: number; readonly login: string; readonly email: string; readonly type: 'User' };

/**
 * A fake of GitHub's REST API, on this machine alone, by its documentation (version 2022-11-28): workflow runs and their attempts and
 * reviews (`environment-approvals`), pull requests of a commit and their reviews, repository activity, git commits; lists paged by `Link`.
 */
export type FakeGithub = FakePlatform & {
  readonly runs: Map<string, object>;
  /** By run. */
  readonly approvals: Map<string, object[]>;
  /** By commit. */
  readonly pulls: Map<string, object[]>;
  /** By pull request. */
  readonly reviews: Map<number, object[]>;
  /** Newest first. */
  readonly activity: object[];
  /** Parents by commit. */
  readonly commits: Map<string, readonly string[]>;
  /** Entries of a page at the most, whatever is asked for. */
  pageSize: number;
};

/** The repository it has, and the token it takes. */
export const GITHUB_REPOSITORY = 'acme/app';
export const GITHUB_TOKEN = 'ghs_the-token-of-the-job';

/** Starts it with nothing in it. */
export async function startFakeGithub(): Promise<FakeGithub> {
  const world = {
    runs: new Map(),
    approvals: new Map(),
    pulls: new Map(),
    reviews: new Map(),
    activity: [],
    commits: new Map(),
    pageSize: 100,
  };
  const platform = await startFakePlatform((request) => answer(fake, request));
  const fake: FakeGithub = Object.assign(platform, world);
  return fake;
}

export function githubUser(id: number, login: string): GithubUser {
  return { id, login, email: `${login}@acme.example`, type: 'User' };
}

/** A run of a workflow. @param attempts who triggered each, the first one's actor first. */
export function githubRun(
  id: number,
  commit: string,
  attempts: readonly [GithubUser, ...GithubUser[]],
  attempt: number = attempts.length,
): object {
  return {
    id,
    name: 'release',
    head_sha: commit,
    run_attempt: attempt,
    event: 'push',
    actor: attempts[0],
    triggering_actor: attempts[attempt - 1],
    created_at: '2026-11-20T10:00:00Z',
    run_started_at: '2026-11-21T10:00:00Z',
    html_url: `https://github.com/${GITHUB_REPOSITORY}/actions/runs/${id}`,
  };
}

export function githubEnvironmentReview(
  user: GithubUser,
  state: 'approved' | 'rejected' | 'pending',
  environment: string,
): object {
  const environments = [{ id: 161, name: environment, created_at: '2020-11-23T22:00:40Z', updated_at: '2020-11-23T22:00:40Z' }];
  return { state, user, comment: `by ${user.email}`, environments };
}

export function githubPull(
  number: number,
  user: GithubUser | null,
  { head, merge, base = 'main' }: { head: string; merge?: string; base?: string },
): object {
  return {
    number,
    user,
    state: merge === undefined ? 'open' : 'closed',
    merged_at: merge === undefined ? null : '2026-11-20T09:00:00Z',
    merge_commit_sha: merge ?? 'e'.repeat(40),
    head: { ref: 'feature', sha: head },
    base: { ref: base, sha: '0'.repeat(40), repo: { full_name: GITHUB_REPOSITORY, default_branch: 'main' } },
  };
}

export function githubReview(id: number, user: GithubUser | null, state: string, commit: string): object {
  return {
    id,
    user,
    state,
    body: `by ${user?.email}`,
    commit_id: commit,
    submitted_at: `2026-11-20T08:00:${String(id).padStart(2, '0')}Z`,
    html_url: `https://github.com/${GITHUB_REPOSITORY}/pull/1#pullrequestreview-${id}`,
  };
}

export function githubActivity(
  id: number,
  actor: GithubUser | null,
  activity_type: string,
  before: string,
  after: string,
): object {
  return { id, actor, activity_type, before, after, ref: 'refs/heads/main', timestamp: '2026-11-20T07:00:00Z' };
}

function answer(fake: FakeGithub, request: PlatformRequest): PlatformReply | undefined {
  if (request.headers.authorization !== `Bearer ${GITHUB_TOKEN}`) return { status: 401, body: { message: 'Bad credentials' } };
  const prefix = `/repos/${GITHUB_REPOSITORY}/`;
  if (!request.path.startsWith(prefix)) return undefined;
  const [kind, a = '', b = '', c = '', d = ''] = request.path.slice(prefix.length).split('/');
  if (kind === 'activity') return paged(fake, request, fake.activity, 'after');
  if (kind === 'pulls' && b === 'reviews') return paged(fake, request, fake.reviews.get(Number(a)));
  if (kind === 'commits' && b === 'pulls') {
    if (fake.commits.has(a) || fake.pulls.has(a)) return paged(fake, request, fake.pulls.get(a) ?? []);
    return { status: 422, body: { message: `No commit found for SHA: ${a}` } };
  }
  if (kind === 'git' && a === 'commits' && fake.commits.has(b)) {
    const parents = (fake.commits.get(b) ?? []).map((sha) => ({ sha }));
    return { body: { sha: b, parents, author: { name: 'Ann', email: 'ann@acme.example' } } };
  }
  if (kind !== 'actions' || a !== 'runs' || !fake.runs.has(b)) return undefined;
  if (c === 'approvals') return { body: fake.approvals.get(b) ?? [] };
  const run = fake.runs.get(d === '' ? b : `${b}/${d}`);
  return run === undefined ? undefined : { body: run };
}

/** @param by numbered pages, or a cursor, as activity has. */
function paged(fake: FakeGithub, request: PlatformRequest, all: readonly object[] | undefined, by: 'page' | 'after' = 'page') {
  if (all === undefined) return undefined;
  const size = Math.min(Number(request.query.get('per_page') ?? 30), fake.pageSize);
  const page = Number((request.query.get(by) ?? '1').replace('cursor', ''));
  const next = `https://api.github.com/repositories/1296269/x?per_page=${size}&${by}=${by === 'after' ? 'cursor' : ''}${page + 1}`;
  const headers: Record<string, string> =
    page * size < all.length ? { link: `<${next}>; rel="next", <${next}0>; rel="last"` } : {};
  return { body: all.slice((page - 1) * size, page * size), headers };
}
