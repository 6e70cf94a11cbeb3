import {
  AZURE_PROJECT,
  AZURE_TOKEN,
  approvalSourceContract,
  azureApproval,
  azureBuild,
  azureCheck,
  azureGuid,
  azureIdentity,
  azureStage,
  type FakeAzureDevops,
  startFakeAzureDevops,
} from '@signwright/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAzureDevopsApprovals } from './approvals.ts';
import type { AzureDevopsOptions } from './ask.ts';

const [ann, bob, eve] = [azureIdentity('a', 'ann'), azureIdentity('b', 'bob'), azureIdentity('c', 'eve')];
const [HEAD, OTHER] = ['a'.repeat(40), 'b'.repeat(40)];
const ABOUT = { commit: HEAD, environment: 'production', run: '42' };
const [STAGE, CHECKPOINT, FIRST, SECOND] = ['1', '2', '3', '4'].map(azureGuid) as [string, string, string, string];
const PRODUCTION = { type: 'environment', id: '1', name: 'production' };
let fake: FakeAzureDevops;

beforeEach(async () => {
  fake = await startFakeAzureDevops();
  fake.builds.set('42', azureBuild(42, HEAD, eve));
  fake.timelines.set('42', azureStage(STAGE, CHECKPOINT, [FIRST, SECOND]));
  fake.checks.set(CHECKPOINT, [azureCheck(FIRST, PRODUCTION), azureCheck(SECOND, { ...PRODUCTION, id: '2', name: 'staging' })]);
  fake.approvals.set(FIRST, azureApproval(FIRST, [[ann, 'approved']]));
  fake.approvals.set(SECOND, azureApproval(SECOND, [[eve, 'approved']]));
});
afterEach(() => fake.close());

const open = (change: Partial<AzureDevopsOptions> = {}) =>
  createAzureDevopsApprovals({ organization: `http://${fake.host}/acme`, project: AZURE_PROJECT, token: AZURE_TOKEN, ...change });
const decided = async (environment = 'production') =>
  (await open().approvals({ ...ABOUT, environment })).approvals.map(({ account, decision }) => `${account.id[0]} ${decision}`);

approvalSourceContract('Azure DevOps', async () => {
  fake.approvals.set(
    FIRST,
    azureApproval(FIRST, [
      [ann, 'approved'],
      [bob, 'rejected'],
      [eve, 'pending'],
      [eve, 'skipped'],
    ]),
  );
  return {
    open,
    about: ABOUT,
    approvers: [ann.id],
    rejecters: [bob.id],
    other: OTHER,
    change: () =>
      void fake.approvals.set(
        FIRST,
        azureApproval(FIRST, [
          [ann, 'approved'],
          [bob, 'rejected'],
          [eve, 'approved'],
        ]),
      ),
    fault: (fault) => {
      fake.fault = fault;
    },
    leaked: fake.leaked,
    secrets: [AZURE_TOKEN, Buffer.from(`:${AZURE_TOKEN}`).toString('base64'), 'of acme', 'acme.example'],
    permission: /scope Build \(read\)/,
  };
});

test('an approval counts for the environment it guards', async () => {
  expect(await decided()).toEqual(['a approve']);
  expect(await decided('staging')).toEqual(['c approve']);
  fake.checks.set(CHECKPOINT, [azureCheck(FIRST), azureCheck(SECOND, { type: 'endpoint', id: '7', name: 'production' })]);
  expect(await decided()).toEqual([]);
});

test('it has the time of its step, and the address of the build', async () => {
  expect((await open().approvals(ABOUT)).approvals[0]).toEqual({
    account: { platform: 'azure-devops', id: ann.id },
    decision: 'approve',
    at: '2026-11-20T12:00:00.579Z',
    means: 'pipeline',
    url: 'https://dev.azure.com/acme/tools/_build/results?buildId=42',
  });
});

test('an approval whose environment is not told makes no answer: it may be a rejection', async () => {
  fake.checks.set(CHECKPOINT, [azureCheck(FIRST, PRODUCTION)]);
  await expect(decided()).rejects.toMatchObject({ code: 'unreachable', message: /none of the checks/ });
  fake.checks.clear();
  await expect(decided()).rejects.toMatchObject({ code: 'configuration' });
});

test('an approval that is named and not told makes no answer', async () => {
  fake.approvals.delete(FIRST);
  await expect(decided()).rejects.toMatchObject({ code: 'unreachable', message: /not among those asked for/ });
});

test('a run that waits for nobody has no approvals, and one that is not named cannot be asked about', async () => {
  fake.timelines.set('42', [{ id: STAGE, type: 'Stage' }]);
  expect(await decided()).toEqual([]);
  const { run: _, ...withoutRun } = ABOUT;
  await expect(open().approvals(withoutRun)).rejects.toMatchObject({ code: 'usage' });
});

test('a token of Entra or of a job is sent as a bearer’s', async () => {
  await expect(open({ token: 'e30.e30.c2ln' }).approvals(ABOUT)).rejects.toMatchObject({ code: 'configuration' });
  expect(fake.asked[0]?.headers.authorization).toBe('Bearer e30.e30.c2ln');
  expect(fake.asked[0]?.path).toBe('/acme/Acme Tools/_apis/build/builds/42');
});

test.each([
  ['no organization', { organization: 'acme' }],
  ['no project', { project: '' }],
  ['a project that leads elsewhere', { project: '..' }],
  ['no token', { token: '' }],
  ['a token with a line break', { token: 'a\nb' }],
])('%s is a matter of configuration, and nothing is asked', async (_, change) => {
  await expect(open(change).approvals(ABOUT)).rejects.toMatchObject({ code: 'configuration' });
  expect(fake.asked).toEqual([]);
});
