import type { RunReference } from '@signwright/signing-core';
import {
  approvalSourceContract,
  type FakeGitlabPeople,
  GITLAB_PEOPLE_PROJECT,
  GITLAB_PEOPLE_TOKEN,
  gitlabApproval,
  gitlabDeployment,
  gitlabNote,
  gitlabPipeline,
  gitlabRequest,
  gitlabUser,
  gitlabVersion,
  startFakeGitlabPeople,
} from '@signwright/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createGitlabApprovals, type GitlabApprovalOptions } from './approvals.ts';

const [ann, bob, eve, dan] = [gitlabUser(11, 'ann'), gitlabUser(12, 'bob'), gitlabUser(13, 'eve'), gitlabUser(14, 'dan')];
const [HEAD, MERGE, SQUASH, OTHER] = ['a', 'b', 'c', 'd'].map((digit) => digit.repeat(40)) as [string, string, string, string];
const ABOUT = { commit: HEAD, environment: 'production', run: '42' };
const PUSHED = '2026-11-20T08:00:00.000Z';
const LATER = '2026-11-20T09:00:00.000Z';
let fake: FakeGitlabPeople;

beforeEach(async () => {
  fake = await startFakeGitlabPeople();
  fake.pipelines.set('42', gitlabPipeline(42, HEAD, dan));
});
afterEach(() => fake.close());

const open = ({ deadlineMs, ...change }: Partial<GitlabApprovalOptions> & { deadlineMs?: number } = {}) =>
  createGitlabApprovals({
    project: { host: fake.host, path: GITLAB_PEOPLE_PROJECT },
    token: { kind: 'private', variable: 'GITLAB_TOKEN', value: GITLAB_PEOPLE_TOKEN },
    ...(deadlineMs === undefined ? {} : { timeoutMs: deadlineMs }),
    ...change,
  });
const decided = async (about: RunReference = ABOUT, change: Partial<GitlabApprovalOptions> = {}) =>
  (await open(change).approvals(about)).approvals.map(({ account, decision, means }) => `${account.id} ${decision} ${means}`);
const request = (shape: Parameters<typeof gitlabRequest>[2], ...approvals: object[]) => {
  for (const commit of [shape.head, shape.merge, shape.squash])
    if (commit) fake.requests.set(commit, [gitlabRequest(7, dan, shape)]);
  fake.versions.set('7', [gitlabVersion(2, shape.head, PUSHED), gitlabVersion(1, OTHER, '2026-11-19T08:00:00.000Z')]);
  fake.approvals.set('7', approvals);
};

approvalSourceContract('GitLab', async () => {
  request({ head: HEAD }, gitlabApproval(ann, LATER));
  fake.deployments.set('production', [
    gitlabDeployment(5, HEAD, 42, [
      [bob, 'approved'],
      [eve, 'rejected'],
    ]),
    gitlabDeployment(4, OTHER, 41, [[dan, 'approved']]),
  ]);
  return {
    open,
    about: ABOUT,
    approvers: ['11', '12'],
    rejecters: ['13'],
    other: OTHER.replace('d', 'e'),
    change: () => void fake.approvals.get('7')?.push(gitlabApproval(dan, LATER)),
    fault: (fault) => {
      fake.fault = fault;
    },
    leaked: fake.leaked,
    secrets: [GITLAB_PEOPLE_TOKEN, 'ann of acme', 'bob of acme', '"ann"'],
    permission: /scope read_api.*role Reporter.*CI_JOB_TOKEN may not.*Premium/,
  };
});

describe('an approval of a merge request', () => {
  const { run: _, ...about } = ABOUT;

  test('counts for the head it was given for, and for what that became', async () => {
    request({ head: HEAD, merge: MERGE, squash: SQUASH }, gitlabApproval(ann, '2026-11-20T11:30:00.000+02:00'));
    for (const commit of [HEAD, MERGE, SQUASH])
      expect((await open().approvals({ ...about, commit })).approvals).toEqual([
        {
          account: { platform: 'gitlab', id: '11' },
          decision: 'approve',
          at: '2026-11-20T09:30:00.000Z',
          means: 'merge-request',
          url: 'https://gitlab.acme.example/acme/tools/app/-/merge_requests/7',
        },
      ]);
  });

  test('given before the last push does not count', async () => {
    request({ head: HEAD }, gitlabApproval(ann, '2026-11-20T07:59:59.999Z'), gitlabApproval(bob, PUSHED));
    expect(await decided(about)).toEqual(['12 approve merge-request']);
  });

  test('does not count for a commit on the way to the head', async () => {
    request({ head: HEAD, merge: MERGE }, gitlabApproval(ann, LATER));
    fake.requests.set(OTHER, fake.requests.get(HEAD) ?? []);
    expect(await decided({ ...about, commit: OTHER })).toEqual([]);
  });

  test('counts into the default branch, or the branches that are named', async () => {
    request({ head: HEAD, target: 'junk' }, gitlabApproval(ann, LATER));
    expect(await decided(about)).toEqual([]);
    expect(await decided(about, { branches: ['junk'] })).toEqual(['11 approve merge-request']);
  });

  test('has the time of GitLab’s own note where an older one tells no other', async () => {
    request({ head: HEAD }, gitlabApproval(ann), gitlabApproval(bob), gitlabApproval(eve), gitlabApproval(dan));
    fake.notes.set('7', [
      gitlabNote(1, ann, 'approved this merge request', '2026-11-19T09:00:00.000Z'),
      gitlabNote(2, bob, 'approved this merge request', '2026-11-19T09:00:00.000Z'),
      gitlabNote(3, ann, 'approved this merge request', LATER),
      gitlabNote(4, eve, 'approved this merge request', LATER, false),
      gitlabNote(5, dan, 'approved this merge request, or so they say', LATER),
    ]);
    expect(await decided(about)).toEqual(['11 approve merge-request']);
  });

  test('is no answer while the merge request changes', async () => {
    request({ head: HEAD }, gitlabApproval(ann, LATER));
    fake.versions.set('7', [gitlabVersion(3, OTHER, LATER)]);
    await expect(decided(about)).rejects.toMatchObject({ code: 'unreachable', message: /changes while/ });
  });
});

describe('an approval of a deployment', () => {
  test('is bound to commit, environment and pipeline', async () => {
    fake.deployments.set('production', [
      gitlabDeployment(9, HEAD, 43, [[ann, 'approved']]),
      gitlabDeployment(8, OTHER, 42, [[bob, 'approved']]),
      gitlabDeployment(7, HEAD, 42, [[eve, 'approved']]),
    ]);
    fake.deployments.set('staging', [gitlabDeployment(6, HEAD, 42, [[dan, 'approved']])]);
    expect(await decided()).toEqual(['13 approve deployment']);
    const { run: _, ...withoutRun } = ABOUT;
    expect(await decided(withoutRun)).toEqual(['11 approve deployment', '13 approve deployment']);
    expect(await decided({ ...withoutRun, environment: 'nowhere' })).toEqual([]);
  });

  test('is none where GitLab has none to give, as without Premium', async () => {
    fake.deployments.set('production', [gitlabDeployment(7, HEAD, 42)]);
    expect(await decided()).toEqual([]);
  });

  test('is looked for no further back than the pipeline began', async () => {
    const old = Array.from({ length: 4000 }, (_, id) => gitlabDeployment(id, OTHER, 1, undefined, '2026-11-20T07:59:59.000Z'));
    fake.deployments.set('production', [gitlabDeployment(5000, HEAD, 42, [[ann, 'approved']]), ...old]);
    expect(await decided()).toEqual(['11 approve deployment']);
    expect(fake.asked.filter(({ path }) => path.endsWith('/deployments'))).toHaveLength(1);
    const { run: _, ...withoutRun } = ABOUT;
    await expect(decided(withoutRun)).rejects.toMatchObject({ code: 'unreachable', message: /more than 3000/ });
  });
});

test('what needs another permission says which, and where GitLab Premium is needed', async () => {
  request({ head: HEAD }, gitlabApproval(ann, LATER));
  fake.refuses = '/merge_requests/7/approvals';
  await expect(decided()).rejects.toMatchObject({
    code: 'configuration',
    message: 'GitLab cannot read the approvals of merge request 7: the token in GITLAB_TOKEN may not',
    next: expect.stringContaining('Premium'),
  });
});
