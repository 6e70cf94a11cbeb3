import {
  approvalSourceContract,
  type FakeJenkins,
  JENKINS_JOB,
  JENKINS_TOKEN,
  JENKINS_USER,
  jenkinsApprover,
  jenkinsBuild,
  jenkinsCause,
  jenkinsRejection,
  jenkinsUserCause,
  startFakeJenkins,
} from '@signwright/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createJenkinsApprovals, type JenkinsApprovalOptions } from './approvals.ts';

const [HEAD, LIBRARY, OTHER] = ['a'.repeat(40), 'b'.repeat(40), 'c'.repeat(40)];
const ABOUT = { commit: HEAD, environment: 'production', run: '42' };
let fake: FakeJenkins;

beforeEach(async () => {
  fake = await startFakeJenkins();
});
afterEach(() => fake.close());

const open = (change: Partial<JenkinsApprovalOptions> = {}) =>
  createJenkinsApprovals({
    url: `http://${fake.host}/`,
    job: JENKINS_JOB,
    user: JENKINS_USER,
    token: JENKINS_TOKEN,
    environment: 'production',
    ...change,
  });
const build = (...actions: object[]) =>
  void fake.builds.set('42', jenkinsBuild(42, [LIBRARY, HEAD], [jenkinsUserCause('dan')], actions));
const decided = async () =>
  (await open().approvals(ABOUT)).approvals.map(({ account, decision, at }) => `${account.id} ${decision} ${at}`);

approvalSourceContract('Jenkins', async () => {
  build(jenkinsApprover('ann'), jenkinsRejection('bob'));
  return {
    open,
    about: ABOUT,
    approvers: ['ann'],
    rejecters: ['bob'],
    other: OTHER,
    change: () => build(jenkinsApprover('ann'), jenkinsApprover('eve'), jenkinsRejection('bob')),
    fault: (fault) => {
      fake.fault = fault;
    },
    leaked: fake.leaked,
    secrets: [JENKINS_TOKEN, Buffer.from(`${JENKINS_USER}:${JENKINS_TOKEN}`).toString('base64'), 'of acme'],
    permission: /Job\/Read/,
  };
});

test('who proceeded has the time the build began, who aborted their own', async () => {
  build(jenkinsApprover('ann'), jenkinsRejection('bob'));
  expect(await decided()).toEqual(['ann approve 2026-11-20T10:00:00.000Z', 'bob reject 2026-11-20T11:00:00.000Z']);
  expect((await open().approvals(ABOUT)).approvals[0]?.url).toBe(
    `http://${fake.host}/job/acme%20tools/job/app/job/feature%252Fx/42/`,
  );
});

test('who proceeded at several inputs is told once, and nobody Jenkins does not know', async () => {
  const timeout = { _class: 'jenkins.model.InterruptedBuildAction', causes: [jenkinsCause('org.acme.Timeout')] };
  build(jenkinsApprover('ann'), jenkinsApprover('ann'), jenkinsRejection(null), timeout);
  expect(await decided()).toEqual(['ann approve 2026-11-20T10:00:00.000Z']);
});

test('a Jenkins that knows people by e-mail address is not asked: addresses are not kept', async () => {
  build(jenkinsApprover('ann@acme.example'));
  const failure = await decided().catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'configuration', message: expect.stringContaining('e-mail addresses') });
  expect(JSON.stringify(failure)).not.toContain('acme.example');
});

test('a build that checked out nothing is of no commit', async () => {
  fake.builds.set('42', jenkinsBuild(42, [], [], [jenkinsApprover('ann')]));
  await expect(decided()).rejects.toMatchObject({ code: 'verification', message: /is of another commit/ });
});

test('the answer of another build is none', async () => {
  fake.builds.set('42', jenkinsBuild(43, [HEAD], [], [jenkinsApprover('ann')]));
  await expect(decided()).rejects.toMatchObject({ code: 'unreachable', message: /another build/ });
});

test.each([
  ['no address', { url: 'jenkins' }],
  ['no job', { job: '' }],
  ['a job that leads elsewhere', { job: 'acme/../other' }],
  ['a user with a colon', { user: 'a:b' }],
  ['no token', { token: '' }],
  ['a token with a line break', { token: 'a\nb' }],
])('%s is a matter of configuration, and nothing is asked', async (_, change) => {
  await expect(open(change).approvals(ABOUT)).rejects.toMatchObject({ code: 'configuration' });
  expect(fake.asked).toEqual([]);
});
