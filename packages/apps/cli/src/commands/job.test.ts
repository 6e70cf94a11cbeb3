import { rmSync, symlinkSync } from 'node:fs';
import { createPeopleWorkspace, createWorkspace, type Finished, trialPolicy, type Workspace } from '@signwright/testkit';
import { afterAll, describe, expect, test } from 'vitest';
import type { JobResult } from '../job/result.ts';

type Given = Readonly<Record<string, unknown>>;
type Env = Readonly<Record<string, string>>;

const made: Workspace[] = [];
afterAll(() => {
  for (const workspace of made) workspace.remove();
});

async function project(rules = '  - { match: "dist/**", tier: internal }'): Promise<Workspace> {
  const here = await createWorkspace({ policy: trialPolicy(rules), files: { 'dist/app.tgz': 'app' } });
  made.push(here);
  return here;
}

const job = (here: Workspace, command: string, inputs: Given = {}, env: Env = {}): Promise<Finished> =>
  here.run(['job', command], { env: { SIGNWRIGHT_INPUTS: JSON.stringify(inputs), ...env } });
const resultIn = (here: Workspace, reports = 'signwright-reports'): JobResult => JSON.parse(here.read(`${reports}/result.json`));

/** An anchor of the policy as it is. */
async function anchorOf(here: Workspace): Promise<string> {
  const { stdout } = await here.run(['policy', 'check']);
  return `policy-sha256: ${/sha256:([0-9a-f]{64})/.exec(stdout)?.[1]}`;
}

describe.concurrent('a job', () => {
  test('plans, signs and verifies without an argument, and leaves what each platform shows', async () => {
    const here = await project();
    expect(await job(here, 'plan')).toMatchObject({ status: 0 });
    expect(here.files('signwright-reports')).toEqual(['outputs.env', 'plan.json', 'result.json', 'summary.html', 'summary.md']);
    expect(await job(here, 'sign')).toMatchObject({ status: 0 });
    expect(resultIn(here)).toMatchObject({ result: 'allow', message: '1 artifact signed' });
    const verified = await job(here, 'verify', {}, { SIGNWRIGHT_ANCHOR: await anchorOf(here) });
    expect(verified, verified.stderr).toMatchObject({ status: 0, stdout: expect.stringContaining('✓ allow  dist/app.tgz') });
    expect(resultIn(here)).toMatchObject({
      version: 1,
      command: 'verify',
      result: 'allow',
      exitCode: 0,
      message: '1 artifact allowed',
      anchor: { from: 'SIGNWRIGHT_ANCHOR' },
      files: ['junit.xml', 'outputs.env', 'results.sarif', 'summary.html', 'summary.md', 'verdicts.json'],
    });
    expect(here.read('signwright-reports/outputs.env')).toBe(
      'SIGNWRIGHT_RESULT=allow\nSIGNWRIGHT_EXIT_CODE=0\nSIGNWRIGHT_REQUEST=\nSIGNWRIGHT_REPORTS=signwright-reports\n',
    );
    expect(JSON.parse(here.read('signwright-reports/verdicts.json'))).toMatchObject({
      result: 'allow',
      verdicts: [{ anchored: true }],
    });
    expect(here.read('signwright-reports/summary.html')).toContain('dist/app.tgz');
  });

  test('denies with the reason and the next step in its result', async () => {
    const here = await project();
    expect(await job(here, 'verify', { unanchored: true })).toMatchObject({ status: 3 });
    here.write('.signwright/evidence/evidence/README', 'empty');
    const denied = await job(here, 'verify', { unanchored: true });
    expect(denied).toMatchObject({ status: 1 });
    expect(resultIn(here)).toMatchObject({
      result: 'deny',
      message: expect.stringMatching(/^1 of 1 artifact not allowed: dist\/app.tgz: signature:build unmet/),
      next: expect.stringContaining('signwright sign'),
    });
    expect(here.read('signwright-reports/junit.xml')).toContain('<failure');
  });

  test('does not verify without an anchor unless it is told to', async () => {
    const here = await project();
    const { status, stderr } = await job(here, 'verify');
    expect([status, stderr]).toEqual([2, expect.stringMatching(/nothing from outside.*\n.*SIGNWRIGHT_ANCHOR/)]);
    expect(resultIn(here)).toMatchObject({ result: 'error', exitCode: 2, next: expect.stringContaining('SIGNWRIGHT_ANCHOR') });
  });

  test('says where its policy and its anchor come from', async () => {
    const here = await project();
    const anchor = await anchorOf(here);
    here.write('anchor.yaml', anchor);
    const { stderr } = await job(here, 'plan', { anchor: 'anchor.yaml' }, { SIGNWRIGHT_POLICY: 'signwright.yaml' });
    expect(stderr).toContain('the policy is signwright.yaml (SIGNWRIGHT_POLICY)');
    expect(stderr).toContain('its anchor is anchor.yaml (the input anchor)');
    expect((await job(here, 'plan', { anchor })).stderr).toContain('its anchor is text (the input anchor)');
    expect((await job(here, 'plan')).stderr).toContain('whoever changed one may have changed both');
  });

  test('takes no anchor that comes with what it judges, whatever it is called', async () => {
    const here = await project();
    const anchor = await anchorOf(here);
    here.write('anchor.yaml', anchor);
    for (const named of ['anchor.yaml', './anchor.yaml', here.path('anchor.yaml')]) {
      const { status, stderr } = await job(here, 'verify', {}, { SIGNWRIGHT_ANCHOR: named });
      expect([status, stderr]).toEqual([2, expect.stringContaining('lies in what it is to judge')]);
    }
    const meant = `"policy-sha256": "${'a'.repeat(64)}"`;
    here.write(meant, anchor);
    expect(await job(here, 'verify', {}, { SIGNWRIGHT_ANCHOR: meant })).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('pins'),
    });
  });

  test('fails where the policy is not what the anchor says', async () => {
    const here = await project();
    const anchor = await anchorOf(here);
    here.write('signwright.yaml', here.read('signwright.yaml').replace('dist/**', '**'));
    expect(await job(here, 'verify', { anchor })).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('not the one the anchor pins'),
    });
    expect(resultIn(here)).toMatchObject({ result: 'error', policy: { from: 'this checkout' } });
  });

  test.each([
    ['https://ann:s3cret@policies.example/p.git#main'],
    ['https://policies.example/p.yaml?private_token=s3cret'],
    ['https://ann:with/s3cret@policies.example/p.yaml'],
    [' https://ann:s3cret@policies.example/p'],
    ['ann:s3cret@policies.example:p.git'],
  ])('shows no secret of an address: %s', async (address) => {
    const here = await project();
    const { status, stdout, stderr } = await job(here, 'plan', { policy: address, anchor: 'policy-sha256: 00' });
    expect(status).toBe(2);
    const shown = here.files('signwright-reports').map((name) => here.read(`signwright-reports/${name}`));
    expect([stdout, stderr, ...shown].join('')).not.toContain('s3cret');
  });

  test('tells of inputs that are wrong in its reports too', async () => {
    const here = await project();
    expect(await job(here, 'plan', { enviroment: 'production' })).toMatchObject({ status: 2 });
    expect(resultIn(here)).toMatchObject({ result: 'error', next: expect.stringContaining('did you mean environment') });
  });

  test('leaves nothing of an earlier run in its reports, and other files alone', async () => {
    const here = await project();
    await job(here, 'sign');
    here.write('signwright-reports/notes.txt', 'mine');
    await job(here, 'verify');
    expect(here.files('signwright-reports')).toEqual(['notes.txt', 'outputs.env', 'result.json', 'summary.html', 'summary.md']);
  });

  test('writes its reports below the working directory alone', async () => {
    const here = await project();
    const outside = await createWorkspace({ trial: false });
    made.push(outside);
    symlinkSync(outside.directory, here.path('reports'));
    symlinkSync('dist', here.path('inside'));
    expect(await job(here, 'plan', { reports: 'inside' })).toMatchObject({ status: 2 });
    expect(here.files('dist')).toEqual(['app.tgz']);
    expect(await job(here, 'plan', { reports: 'reports' })).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('a directory of their own below the working directory'),
    });
    expect(await job(here, 'plan', { reports: 'reports/deep' })).toMatchObject({ status: 2 });
    expect(outside.files('.')).toEqual([]);
  });

  test('of a fork may plan and not sign', async () => {
    const here = await project();
    const fork = {
      CI: 'true',
      GITLAB_CI: 'true',
      CI_PIPELINE_SOURCE: 'merge_request_event',
      CI_MERGE_REQUEST_IID: '7',
      CI_PROJECT_ID: '1',
    };
    expect(await job(here, 'plan', {}, fork)).toMatchObject({ status: 0 });
    expect(await job(here, 'sign', {}, fork)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('may plan and never sign'),
    });
    expect(resultIn(here)).toMatchObject({ result: 'deny', message: expect.stringContaining('may plan and never sign') });
    expect(here.evidence().size).toBe(0);
  });

  test('with a file whose name is a command shows it and gives none', async () => {
    const here = await project();
    here.write('dist/##vso[task.complete result=Succeeded;]done', 'x');
    here.write('dist/a%0A::set-output name=x::y', 'x');
    const { status, stdout, stderr } = await job(here, 'sign');
    expect(status, stderr).toBe(0);
    const shown = stdout + stderr + here.read('signwright-reports/summary.md') + here.read('signwright-reports/summary.html');
    expect(shown).not.toMatch(/##vso\[|(^|\s)::set-output/m);
  });
});

describe.concurrent('a job that waits for people', () => {
  const people = async () => {
    const here = await createPeopleWorkspace({ approvals: '[security]', files: { 'dist/a.tgz': 'a' } });
    made.push(here);
    return here;
  };

  test('ends pending with the request, who may approve, and what to open afterwards; then allows without asking again', async () => {
    const here = await people();
    const env = {
      CI: 'true',
      GITLAB_CI: 'true',
      CI_PROJECT_ID: '1',
      CI_COMMIT_BRANCH: 'main',
      CI_PIPELINE_SOURCE: 'push',
      CI_JOB_URL: 'https://gitlab.example/acme/app/-/jobs/3',
    };
    const signed = await job(here, 'sign', { sidecars: false }, env);
    expect(signed, signed.stderr).toMatchObject({ status: 0 });
    const { request } = resultIn(here);
    expect(request).toMatch(/^sha256:/);
    expect(await job(here, 'request-approval', {}, env)).toMatchObject({ status: 4 });
    expect(resultIn(here)).toMatchObject({
      result: 'pending',
      request,
      next: `signwright approve ${request}`,
      approvals: [{ role: 'security', kind: 'signed', count: 1, missing: 1, accounts: [] }],
      resume: env.CI_JOB_URL,
    });
    expect(await job(here, 'verify', { unanchored: true }, env)).toMatchObject({ status: 4 });
    expect(resultIn(here)).toMatchObject({ result: 'pending', request, resume: env.CI_JOB_URL });
    const answered = await here.answer('cleo', String(request));
    expect([answered.status, answered.stdout], answered.stderr).toEqual([
      0,
      expect.stringContaining(`continue: ${env.CI_JOB_URL}`),
    ]);
    const allowed = await job(here, 'verify', { unanchored: true }, env);
    expect(resultIn(here), allowed.stdout).toMatchObject({ approvals: [] });
    expect((await here.run(['request'])).stderr).toContain('asked before');
  });

  test('of a tier without approvals has nothing to ask for, which is no error', async () => {
    const here = await project();
    expect(await job(here, 'request-approval')).toMatchObject({ status: 0, stdout: 'no approval is needed\n' });
    expect(resultIn(here)).toMatchObject({ result: 'allow', message: 'done' });
  });

  test('keeps the proofs that the log has by now, so that a retry is enough once it is in order', async () => {
    const here = await createPeopleWorkspace({ approvals: '[security]', files: { 'dist/a.tgz': 'a' } });
    made.push(here);
    here.write('signwright.yaml', here.read('signwright.yaml').replace('audit: best-effort', 'audit: required'));
    const key = here.read('keys/log.pem');
    rmSync(here.path('keys/log.pem'));
    await job(here, 'sign', { sidecars: false });
    expect(await job(here, 'verify', { unanchored: true })).toMatchObject({
      status: 3,
      stdout: expect.stringContaining('record-pending'),
    });
    expect(resultIn(here)).toMatchObject({ request: expect.stringMatching(/^sha256:/), approvals: [{ missing: 1 }] });
    here.write('keys/log.pem', key, 0o600);
    await here.done('audit', 'sequence');
    expect(await job(here, 'verify', { unanchored: true })).toMatchObject({ status: 4 });
  });
});
