import {
  AZURE_PROJECT,
  AZURE_REPOSITORY,
  AZURE_TOKEN,
  azureBuild,
  azureCommit,
  azureIdentity,
  azureRequest,
  type FakeAzureDevops,
  peopleSourceContract,
  startFakeAzureDevops,
} from '@signwright/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AzureDevopsOptions } from './ask.ts';
import { createAzureDevopsPeople } from './people.ts';

const [ann, bob, eve] = [azureIdentity('a', 'ann'), azureIdentity('b', 'bob'), azureIdentity('c', 'eve')];
const [X, M, OTHER, UNKNOWN] = ['1', '2', '3', '4'].map((digit) => digit.repeat(40)) as [string, string, string, string];
const ABOUT = { commit: M, environment: 'production', run: '42' };
let fake: FakeAzureDevops;

beforeEach(async () => {
  fake = await startFakeAzureDevops();
});
afterEach(() => fake.close());

const open = (change: Partial<AzureDevopsOptions> = {}) =>
  createAzureDevopsPeople({
    organization: `http://${fake.host}/acme/`,
    project: AZURE_PROJECT,
    repository: AZURE_REPOSITORY,
    token: AZURE_TOKEN,
    ...change,
  });

peopleSourceContract('Azure DevOps', async () => {
  fake.builds.set('42', azureBuild(42, M, ann, bob));
  fake.commits.set(X, azureCommit(X, bob));
  fake.commits.set(M, azureCommit(M, eve));
  fake.commits.set(UNKNOWN, azureCommit(UNKNOWN, null));
  fake.requests.set(`commit ${X}`, [azureRequest(1, ann), azureRequest(2, ann)]);
  fake.requests.set(`lastMergeCommit ${M}`, [azureRequest(1, ann)]);
  return {
    open,
    about: ABOUT,
    requester: ann.id,
    retriers: [bob.id],
    other: OTHER,
    authors: { known: { [X]: [bob.id, ann.id], [M]: [eve.id, ann.id] }, unknown: UNKNOWN },
    fault: (fault) => {
      fake.fault = fault;
    },
    leaked: fake.leaked,
    secrets: [AZURE_TOKEN, Buffer.from(`:${AZURE_TOKEN}`).toString('base64'), 'of acme', 'acme.example'],
    permission: /scope (Build|Code) \(read\)/,
  };
});

test('a build nobody asked for has no requester, and one somebody queued for themselves no other', async () => {
  fake.builds.set('42', azureBuild(42, M, null));
  expect(await open().requester(ABOUT)).toMatchObject({ retriers: [] });
  fake.builds.set('42', azureBuild(42, M, { ...ann, id: ann.id.toUpperCase() }));
  const { requester, retriers } = await open().requester(ABOUT);
  expect(requester).toEqual({ platform: 'azure-devops', id: ann.id });
  expect(retriers).toEqual([]);
});

test('a commit whose push is not told has no people, whoever opened a pull request of it', async () => {
  fake.commits.set(X, azureCommit(X, null));
  fake.requests.set(`commit ${X}`, [azureRequest(1, ann)]);
  expect((await open().authors([X])).verified.size).toBe(0);
});

test('many commits are asked about in several queries', async () => {
  const commits = Array.from({ length: 150 }, (_, index) => String(index).padStart(40, '0'));
  for (const commit of commits) fake.commits.set(commit, azureCommit(commit, ann));
  fake.requests.set(`commit ${commits[149]}`, [azureRequest(1, bob)]);
  const { verified } = await open().authors(commits);
  expect(verified.size).toBe(150);
  expect(verified.get(commits[149] as string)?.map(({ id }) => id)).toEqual([ann.id, bob.id]);
  expect(fake.asked.filter(({ method }) => method === 'POST')).toHaveLength(2);
});

test('commits are not asked about without a repository', async () => {
  const { repository: _, ...rest } = {
    repository: '',
    organization: `http://${fake.host}/acme`,
    project: AZURE_PROJECT,
    token: AZURE_TOKEN,
  };
  await expect(createAzureDevopsPeople(rest).authors([X])).rejects.toMatchObject({ code: 'configuration' });
  expect(fake.asked).toEqual([]);
});
