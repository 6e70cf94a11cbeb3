import { type FakeGitlabPublishing, GITLAB_PUBLISHING_TOKEN, startFakeGitlabPublishing } from '@signwright/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type JobOutcome, publishToGitlab } from './publish-gitlab.ts';
import type { JobResult } from './result.ts';

let fake: FakeGitlabPublishing;
let notes: string[];

beforeEach(async () => {
  fake = await startFakeGitlabPublishing();
  notes = [];
});
afterEach(() => fake.close());

const VERDICT: JobResult = {
  version: 1,
  command: 'verify',
  result: 'deny',
  exitCode: 1,
  message: 'm',
  environment: 'production',
  approvals: [],
  files: ['summary.md'],
};
const INPUTS = { comment: true, 'status-check': '', 'release-link': true, reports: 'out/reports' };
const job = () => ({
  GITLAB_CI: 'true',
  CI_SERVER_URL: `http://${fake.host}`,
  CI_PROJECT_PATH: 'acme/app',
  CI_COMMIT_SHA: fake.head,
  SIGNWRIGHT_GITLAB_TOKEN: GITLAB_PUBLISHING_TOKEN,
});
const mergeRequest = () => ({ ...job(), CI_MERGE_REQUEST_IID: '7', CI_MERGE_REQUEST_PROJECT_PATH: 'acme/app' });
const outcome = (change: Partial<JobResult> = {}): JobOutcome => ({
  result: { ...VERDICT, ...change },
  summary: '## verify: deny\n',
});
const publish = (
  environment: Readonly<Record<string, string>>,
  change: Partial<JobResult> = {},
  inputs: Partial<typeof INPUTS> = {},
) => publishToGitlab(outcome(change), { ...INPUTS, ...inputs }, (text) => notes.push(text), environment);

test('a merge request has one comment of each command and environment, which later runs update', async () => {
  await publish(mergeRequest());
  await publish(mergeRequest());
  await publish(mergeRequest(), { command: 'plan', result: 'allow' });
  expect(fake.comments.map(({ body }) => body)).toEqual([
    '<!-- signwright verify:production -->\n\n## verify: deny\n',
    '<!-- signwright plan:production -->\n\n## verify: deny\n',
  ]);
  expect(notes).toEqual(['comment on !7: made', 'comment on !7: unchanged', 'comment on !7: made']);
});

test.each([
  ['allow', 'passed'],
  ['deny', 'failed'],
  ['error', 'failed'],
  ['pending', 'pending'],
  ['inconclusive', 'pending'],
] as const)('%s sets the status check to %s', async (result, status) => {
  fake.licensed = [12];
  await publish(mergeRequest(), { result }, { comment: false, 'status-check': '12' });
  expect([fake.checks, notes]).toEqual([[`12 ${status}`], [`status check 12 of !7: ${status}`]]);
});

test('in a merged results pipeline the check is of the head of the source branch', async () => {
  fake.licensed = [12];
  const merged = { ...mergeRequest(), CI_MERGE_REQUEST_SOURCE_BRANCH_SHA: fake.head, CI_COMMIT_SHA: 'b'.repeat(40) };
  await publish(merged, {}, { comment: false, 'status-check': '12' });
  expect(fake.checks).toEqual(['12 failed']);
});

test('the archive is linked from the release of the tag, once it is allowed', async () => {
  fake.releases.set('1.2.0', []);
  const tagged = { ...job(), CI_COMMIT_TAG: '1.2.0', CI_JOB_URL: 'https://gitlab.acme.example/acme/app/-/jobs/3' };
  const allowed = { result: 'allow', files: ['evidence.tar', 'summary.md'] } as const;
  await publish(tagged, allowed);
  await publish(tagged, { ...allowed, result: 'deny' });
  await publish(tagged, { ...allowed, files: [] });
  await publish(tagged, allowed, { 'release-link': false });
  expect(fake.releases.get('1.2.0')).toMatchObject([
    {
      name: 'Signwright evidence (production)',
      url: 'https://gitlab.acme.example/acme/app/-/jobs/3/artifacts/raw/out/reports/evidence.tar',
    },
  ]);
  expect(notes).toEqual(['link from the release 1.2.0: made']);
});

test('elsewhere than in a merge request or of a tag there is nothing to tell', async () => {
  await publish(job());
  expect([fake.asked, notes]).toEqual([[], []]);
});

test('without a token there is a note of what is not told', async () => {
  await publish({ ...mergeRequest(), SIGNWRIGHT_GITLAB_TOKEN: '' }, {}, { 'status-check': '12' });
  expect(notes).toEqual(['SIGNWRIGHT_GITLAB_TOKEN is not set: GitLab is not told (comment on !7, status check 12 of !7)']);
});

test('what GitLab refuses is a note with what to do, and keeps nothing else from being told', async () => {
  await publish(mergeRequest(), {}, { 'status-check': '12' });
  expect(fake.comments.length).toBe(1);
  expect(notes).toEqual([
    'comment on !7: made',
    expect.stringMatching(/^status check 12 of !7: not done: .*\n {2}→ .*GitLab Ultimate/),
  ]);
});

test('the token is not sent to another host than the one it is for', async () => {
  await publish({ ...mergeRequest(), SIGNWRIGHT_GITLAB_HOST: 'gitlab.acme.example' });
  expect(fake.asked).toEqual([]);
  expect(notes).toEqual([expect.stringMatching(/^GitLab is not told: the token in SIGNWRIGHT_GITLAB_TOKEN is not sent to 127/)]);
  expect(notes.join()).not.toContain(GITLAB_PUBLISHING_TOKEN);
});
