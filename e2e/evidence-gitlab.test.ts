import {
  createWorkspace,
  type FakeGitlab,
  GITLAB_PROJECT,
  startFakeGitlab,
  trialPolicy,
  type Workspace,
} from '@signwright/testkit';
import { beforeEach, expect, onTestFinished, test } from 'vitest';

// The built command against a fake of GitLab's package registry on this machine: no real GitLab can be had.

let gitlab: FakeGitlab;
let job: { [name: string]: string };
beforeEach(async () => {
  gitlab = await startFakeGitlab();
  onTestFinished(() => gitlab.close());
  job = { CI_JOB_TOKEN: 'job', CI_SERVER_URL: `http://${gitlab.host}` };
});

async function project(store = `gitlab://${gitlab.host}/${GITLAB_PROJECT}`, lock = ''): Promise<Workspace> {
  const policy = trialPolicy(
    '  - { match: "dist/**", tier: kept }',
    `  kept: { extends: internal, retain: 30d }\nevidence: { store: "${store}"${lock} }\n`,
  );
  const here = await createWorkspace({ policy, files: { 'dist/a': 'a', 'dist/b': 'b' } });
  onTestFinished(() => here.remove());
  return here;
}

test("evidence is kept in a project's packages with the token of the job, and verifies from there on another machine", async () => {
  const here = await project();
  expect(await here.run(['sign', '--no-sidecars'], { env: job })).toMatchObject({ status: 0 });
  expect(here.has('.signwright/evidence')).toBe(false);
  const there = await project();
  expect(await there.run(['verify'], { env: job })).toMatchObject({ status: 0 });
  const own = { SIGNWRIGHT_GITLAB_TOKEN: 'mine', SIGNWRIGHT_GITLAB_HOST: gitlab.host };
  expect(await there.run(['doctor'], { env: own })).toMatchObject({ status: 0, stdout: /gitlab:\/\/.* can be read/ });

  const list = await there.run(['evidence', 'list', '--output', 'json'], { env: own });
  expect(list.status, list.stderr).toBe(0);
  expect(JSON.parse(list.stdout)).toMatchObject({
    retention: { enforced: false, why: /cannot keep those who may delete its packages/ },
    evidence: [{ about: expect.any(Array) }, { about: expect.any(Array) }],
    without: [],
  });
  expect(await there.run(['evidence', 'export', '--out', 'r.tar'], { env: own })).toMatchObject({ status: 0 });
  expect(await there.run(['evidence', 'verify', 'r.tar'])).toMatchObject({ status: 0 });
  const pull = ['evidence', 'pull', '--from', `gitlab://${gitlab.host}/${GITLAB_PROJECT}`, '--evidence', 'copy'];
  expect(await there.run(pull, { env: own })).toMatchObject({ status: 0, stdout: /2 pieces copied/ });
  const push = ['evidence', 'push', '--evidence', 'copy', '--to', `gitlab://${gitlab.host}/${GITLAB_PROJECT}`];
  expect(await there.run(push, { env: own })).toMatchObject({ status: 0, stdout: /0 pieces copied, 2 there already/ });
  expect(await there.run(['verify', '--evidence', 'copy'])).toMatchObject({ status: 0 });
});

test('what only a store of our own can do is refused, and says what to use', async () => {
  const here = await project();
  expect(await here.run(['sign', '--no-sidecars'], { env: job })).toMatchObject({ status: 0 });
  for (const [args, says] of [
    [['prune'], /gitlab:\/\/.* can neither hold evidence nor remove it[\s\S]*s3:\/\/bucket/],
    [['hold', 'add', 'case-1'], /can neither hold evidence nor remove it/],
    [['hold', 'list'], /can neither hold evidence nor remove it/],
    [['list', '--policy-wide'], /cannot be listed as a whole/],
    [['verify'], /cannot be checked as a whole[\s\S]*--store/],
  ] as const)
    expect(await here.run(['evidence', ...args], { env: job })).toMatchObject({ status: 2, stdout: '', stderr: says });
  expect(await here.run(['evidence', 'verify', '--store', 'dist'], { env: job })).toMatchObject({ status: 0 });
});

test('a policy that wants an object lock is refused before anything is sent', async () => {
  const here = await project(undefined, ', lock: governance');
  expect(await here.run(['sign'], { env: job })).toMatchObject({
    status: 2,
    stderr: /has none: whoever may delete its packages/,
  });
  expect(gitlab.asked).toEqual([]);
});

test('the token of a job goes to the GitLab that runs it and to no other; without one nobody is asked', async () => {
  const here = await project();
  for (const [env, says] of [
    [{ ...job, CI_SERVER_URL: 'https://gitlab.acme.example' }, /CI_JOB_TOKEN is for the GitLab that runs this job alone/],
    [{ CI_JOB_TOKEN: 'job' }, /CI_JOB_TOKEN is for the GitLab that runs this job alone/],
    [{}, /cannot be asked without a token[\s\S]*SIGNWRIGHT_GITLAB_TOKEN/],
  ] as const) {
    const refused = await here.run(['sign'], { env });
    expect(refused).toMatchObject({ status: 2, stderr: says });
    expect(refused.stderr).not.toMatch(/token job|=job/);
  }
  expect(gitlab.asked).toEqual([]);
});

test('what is no project, a wrong token and a GitLab that is down are told apart', async () => {
  const bad = await project(`gitlab://user:secret@${gitlab.host}/${GITLAB_PROJECT}`);
  const refused = await bad.run(['verify'], { env: job });
  expect(refused).toMatchObject({ status: 2, stderr: /not a project on a GitLab/ });
  expect(refused.stderr).not.toContain('secret');
  const here = await project();
  const wrong = await here.run(['sign', '--no-sidecars'], {
    env: { SIGNWRIGHT_GITLAB_TOKEN: 'wrong-token-value', SIGNWRIGHT_GITLAB_HOST: gitlab.host },
  });
  expect(wrong).toMatchObject({ status: 2, stderr: /the token in SIGNWRIGHT_GITLAB_TOKEN is not accepted/ });
  expect(wrong.stderr).not.toContain('wrong-token-value');
  await gitlab.close();
  expect(await here.run(['verify'], { env: job })).toMatchObject({ status: 3 });
});
