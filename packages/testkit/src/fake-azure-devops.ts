import { type FakePlatform, type PlatformReply, type PlatformRequest, startFakePlatform } from './fake-platform.ts';

/** An identity as Azure DevOps' API shows one (`IdentityRef`); the name and the address are what must not be kept. */
export type AzureIdentity = { readonly id: string; readonly displayName: string; readonly uniqueName: string };

/**
 * A fake of Azure DevOps' REST API 7.1, on this machine alone, by its reference, as far as it speaks of people: builds and their
 * timelines, checks of a checkpoint, approvals with their steps, commits with their push, and the pull request query.
 */
export type FakeAzureDevops = FakePlatform & {
  readonly builds: Map<string, object>;
  /** Records of the timeline by build. */
  readonly timelines: Map<string, object[]>;
  /** Runs of checks by checkpoint. */
  readonly checks: Map<string, object[]>;
  /** By id. */
  readonly approvals: Map<string, object>;
  readonly commits: Map<string, object>;
  /** Pull requests by commit. */
  readonly requests: Map<string, object[]>;
};

/** The project and repository it has, and the token it takes. */
export const AZURE_PROJECT = 'Acme Tools';
export const AZURE_REPOSITORY = 'app';
export const AZURE_TOKEN = 'the-personal-access-token';

/** Starts it with nothing in it. Its organization is `http://HOST/acme`. */
export async function startFakeAzureDevops(): Promise<FakeAzureDevops> {
  const platform = await startFakePlatform((request) => answer(fake, request));
  const fake: FakeAzureDevops = Object.assign(platform, {
    builds: new Map(),
    timelines: new Map(),
    checks: new Map(),
    approvals: new Map(),
    commits: new Map(),
    requests: new Map(),
  });
  return fake;
}

/** @param digit of which the id is made. */
export function azureIdentity(digit: string, name: string): AzureIdentity {
  return { id: azureGuid(digit), displayName: `${name} of acme`, uniqueName: `${name}@acme.example` };
}

/** A GUID of one digit, for tests. */
export function azureGuid(digit: string): string {
  return '88888888-4444-4444-4444-cccccccccccc'.replace(/\w/g, digit);
}

export function azureBuild(
  id: number,
  commit: string,
  requestedFor: AzureIdentity | null,
  requestedBy: AzureIdentity | null = requestedFor,
): object {
  const _links = { web: { href: `https://dev.azure.com/acme/tools/_build/results?buildId=${id}` } };
  return {
    id,
    sourceVersion: commit,
    reason: 'manual',
    requestedFor,
    requestedBy,
    _links,
    queueTime: '2026-11-20T10:00:00.1234567Z',
  };
}

/** The records of a stage that waits for approvals. */
export function azureStage(stage: string, checkpoint: string, approvals: readonly string[]): object[] {
  return [
    { id: stage, parentId: null, type: 'Stage', name: 'Deploy', state: 'completed' },
    { id: checkpoint, parentId: stage, type: 'Checkpoint', name: 'Checkpoint', state: 'completed' },
    ...approvals.map((id) => ({
      id,
      parentId: checkpoint,
      type: 'Checkpoint.Approval',
      name: 'Checkpoint.Approval',
      state: 'completed',
    })),
  ];
}

/** A run of a check. @param resource what it guards; a check of the whole pipeline has none. */
export function azureCheck(id: string, resource?: { readonly type: string; readonly id: string; readonly name: string }): object {
  const type = { id: '8c6f20a7-a545-4486-9777-f762fafe0d4d', name: 'Approval' };
  return { id, status: 'approved', checkConfigurationRef: { id: 15, type, ...(resource === undefined ? {} : { resource }) } };
}

/** An approval. @param steps who decided what; somebody who did not is assigned alone. */
export function azureApproval(id: string, steps: readonly (readonly [AzureIdentity, string])[]): object {
  return {
    id,
    status: 'approved',
    createdOn: '2026-11-20T11:00:00.58Z',
    steps: steps.map(([who, status], order) => ({
      assignedApprover: { id: azureGuid('e'), displayName: 'Approvers of acme', uniqueName: 'approvers@acme.example' },
      ...(status === 'approved' || status === 'rejected' ? { actualApprover: who } : {}),
      status,
      comment: `by ${who.uniqueName}`,
      lastModifiedOn: '2026-11-20T12:00:00.5793622Z',
      order: order + 1,
    })),
  };
}

export function azureCommit(commitId: string, pushedBy: AzureIdentity | null): object {
  const author = { name: 'ann of acme', email: 'ann@acme.example', date: '2026-11-20T07:00:00Z' };
  const push = pushedBy === null ? {} : { push: { pushId: 9, date: '2026-11-20T08:00:00Z', pushedBy } };
  return { commitId, author, committer: author, ...push };
}

export function azureRequest(pullRequestId: number, createdBy: AzureIdentity): object {
  return { pullRequestId, createdBy, status: 'completed', sourceRefName: 'refs/heads/feature', targetRefName: 'refs/heads/main' };
}

function answer(fake: FakeAzureDevops, request: PlatformRequest): PlatformReply | undefined {
  const { path, query, method, headers, body } = request;
  if (headers.authorization !== `Basic ${Buffer.from(`:${AZURE_TOKEN}`).toString('base64')}`) return { status: 401, body: {} };
  const prefix = `/acme/${AZURE_PROJECT}/_apis/`;
  if (!path.startsWith(prefix) || !query.has('api-version')) return undefined;
  const parts = path.slice(prefix.length).split('/');
  const [area, kind, id = '', what, commit = ''] = parts;
  if (area === 'build' && kind === 'builds') {
    if (what !== 'timeline') return found(fake.builds.get(id));
    return { body: { records: fake.timelines.get(id) ?? [], changeId: 1 } };
  }
  if (area === 'pipelines' && kind === 'checks') {
    const checkRuns = fake.checks.get(what ?? '');
    return checkRuns === undefined ? undefined : { body: { id: what, status: 'approved', checkRuns } };
  }
  if (area === 'pipelines' && kind === 'approvals') {
    const ids = query.get('approvalIds')?.split(',') ?? [];
    const value = ids.flatMap((each) => fake.approvals.get(each) ?? []);
    const shown = query.get('$expand') === 'steps' ? value : value.map((each) => ({ ...each, steps: [] }));
    return { body: { count: shown.length, value: shown } };
  }
  if (area !== 'git' || kind !== 'repositories' || id !== AZURE_REPOSITORY) return undefined;
  if (what === 'commits') return found(fake.commits.get(commit));
  if (what !== 'pullrequestquery' || method !== 'POST') return undefined;
  const { queries } = JSON.parse(body) as { queries: { type: string; items: string[] }[] };
  const results = queries.map(({ type, items }) => {
    const named = items.flatMap((item) =>
      fake.requests.has(`${type} ${item}`) ? [[item, fake.requests.get(`${type} ${item}`)]] : [],
    );
    return Object.fromEntries(named) as object;
  });
  return { body: { queries, results } };
}

function found(body: object | undefined): PlatformReply | undefined {
  return body === undefined ? undefined : { body };
}
