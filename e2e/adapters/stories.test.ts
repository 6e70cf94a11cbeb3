import { cpSync, readFileSync } from 'node:fs';
import { kindOf } from '@signwright/signing-core';
import { createPeopleWorkspace, createWorkspace, testKeys, type Workspace } from '@signwright/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JobResult } from '../../packages/apps/cli/src/job/result.ts';
import type { Drive, Ran, Step } from './drive.ts';
import { driveAzure } from './drive-azure.ts';
import { driveGithub } from './drive-github.ts';
import { driveGitlab } from './drive-gitlab.ts';
import { driveJenkins } from './drive-jenkins.ts';

// The same stories through every adapter, each by a pipeline that was run; what they come to must be the same.

const DRIVES: readonly Drive[] = [driveGitlab, driveJenkins, driveAzure, driveGithub];

const made: Workspace[] = [];
afterAll(() => {
  for (const workspace of made) workspace.remove();
});

/** What became of each story on each platform. */
const told = new Map<string, Map<string, unknown>>();

/** Runs a story on one platform, in a copy of the workspace it begins with. */
async function tell(drive: Drive, base: Workspace, step: Step): Promise<{ here: Workspace; ran: Ran; result: JobResult }> {
  const here = await copyOf(base);
  const ran = await drive.run(here, step);
  return { here, ran, result: resultOf(ran) };
}

async function copyOf(base: Workspace): Promise<Workspace> {
  const here = await createWorkspace({ trial: false });
  made.push(here);
  cpSync(base.directory, here.directory, { recursive: true });
  return here;
}

function resultOf(ran: Ran): JobResult {
  const text = ran.report('result.json');
  if (text === undefined) throw new Error(`the step left no result.json:\n${ran.log}`);
  return JSON.parse(text) as JobResult;
}

/** Keeps what a story came to on a platform, without what cannot be the same: times, the host, the job. */
function keep(story: string, { platform }: Drive, ran: Ran): void {
  const verdicts = ran.report('verdicts.json');
  const { resume: _, files, ...more } = resultOf(ran);
  // GitLab alone keeps it among a job's artifacts.
  const result = { ...more, files: files.filter((name) => name !== 'evidence.tar') };
  const timeless = (value: unknown): unknown => JSON.parse(JSON.stringify(value).replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME'));
  const stories = told.get(story) ?? new Map<string, unknown>();
  told.set(
    story,
    stories.set(platform, timeless({ result, verdicts: verdicts === undefined ? undefined : JSON.parse(verdicts) })),
  );
}

/** How many requests people were asked by. */
function requestsIn(here: Workspace): number {
  const store = '.signwright/evidence/evidence';
  return here.files(store).filter((name) => kindOf(readFileSync(here.path(`${store}/${name}`))) === 'request').length;
}

let base: Workspace;
let anchor: string;
let request: string;

beforeAll(async () => {
  const people = await createPeopleWorkspace({ approvals: '[security]', files: { 'dist/a.tgz': 'a' } });
  made.push(people);
  await people.done('sign', '--no-sidecars');
  request = (await people.run(['request'])).stdout.split('\n')[0] ?? '';
  await people.done('audit', 'sequence');
  anchor = await anchorOf(people);
  base = people;
});

async function anchorOf(here: Workspace): Promise<string> {
  const { stdout } = await here.run(['policy', 'check']);
  return `policy-sha256: ${/sha256:([0-9a-f]{64})/.exec(stdout)?.[1]}`;
}

describe.each(DRIVES)('$platform, on $on', (drive) => {
  const verify = (): Step => ({ command: 'verify', env: { SIGNWRIGHT_ANCHOR: anchor } });

  test('pending stops the deployment; once approved, the same step goes on, and nobody is asked twice', async () => {
    const { here, ran, result } = await tell(drive, base, verify());
    expect([ran.succeeded, ran.deployed], ran.log).toEqual([false, false]);
    expect(result, ran.log).toMatchObject({
      result: 'pending',
      exitCode: 4,
      request,
      approvals: [{ role: 'security', missing: 1 }],
    });
    expect(ran.outputs).toMatchObject({ result: 'pending', request });
    expect(ran.log).toContain(`signwright approve ${request}`);
    keep('pending', drive, ran);

    const approved = await here.run(['approve', request, '--key', 'keys/cleo', '--yes']);
    expect(approved, approved.stderr).toMatchObject({ status: 0 });
    await here.run(['audit', 'sequence']);
    const again = await drive.run(here, verify());
    expect([again.succeeded, again.deployed], again.log).toEqual([true, true]);
    expect(resultOf(again)).toMatchObject({ result: 'allow', exitCode: 0, approvals: [] });
    expect(again.outputs).toMatchObject({ result: 'allow', 'exit-code': '0' });
    expect(requestsIn(here)).toBe(1);
  });

  test('deny stops the deployment and says why', async () => {
    const changed = await copyOf(base);
    changed.write('dist/a.tgz', 'changed by one byte');
    const { ran, result } = await tell(drive, changed, verify());
    expect([ran.succeeded, ran.deployed], ran.log).toEqual([false, false]);
    expect(result, ran.log).toMatchObject({
      result: 'deny',
      exitCode: 1,
      message: expect.stringContaining('signature:build unmet'),
    });
    expect(ran.log).toContain('dist/a.tgz');
    keep('deny', drive, ran);
  });

  test('an approved release is allowed, and the deployment runs', async () => {
    const approved = await approvedOnce();
    const { ran, result } = await tell(drive, approved, verify());
    expect([ran.succeeded, ran.deployed], ran.log).toEqual([true, true]);
    expect(result, ran.log).toMatchObject({ result: 'allow', exitCode: 0, anchor: { from: 'SIGNWRIGHT_ANCHOR' } });
    expect(JSON.parse(ran.report('verdicts.json') ?? '')).toMatchObject({ result: 'allow', verdicts: [{ anchored: true }] });
    keep('allow', drive, ran);
  });

  test('a signer that cannot be reached pauses: nothing is signed, nothing is deployed', async () => {
    const unreachable = await copyOf(base);
    unreachable.write('key.pub', testKeys('p256').publicKey.export({ type: 'spki', format: 'pem' }));
    const policy = unreachable.read('signwright.yaml');
    const signer = '{ keys: [{ ref: "awskms://127.0.0.1:9/alias/release", public-key: key.pub }], workloads: [ci] }';
    const anyJob = policy.replace(/ci: \{[^}]*\}/, 'ci: { issuer: https://ci.example, repository-id: "20" }');
    unreachable.write('signwright.yaml', anyJob.replace(/build: \{ certificate: .*/, `build: ${signer}`));
    const aws = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: 'secret' };
    const { here, ran, result } = await tell(drive, unreachable, { command: 'sign', env: aws });
    expect([ran.succeeded, ran.deployed], ran.log).toEqual([false, false]);
    expect(result, ran.log).toMatchObject({ result: 'inconclusive', exitCode: 3 });
    expect(here.files('dist').filter((name) => name.endsWith('.sigstore.json'))).toEqual([]);
    keep('unreachable', drive, ran);
  });

  test('an error in the policy stops, with its place', async () => {
    const broken = await copyOf(base);
    broken.write('signwright.yaml', broken.read('signwright.yaml').replace('artifacts:', 'artefacts:'));
    const { ran, result } = await tell(drive, broken, verify());
    expect([ran.succeeded, ran.deployed], ran.log).toEqual([false, false]);
    expect(result, ran.log).toMatchObject({
      result: 'error',
      exitCode: 2,
      message: expect.stringMatching(/signwright\.yaml:\d+:\d+/),
    });
    keep('policy error', drive, ran);
  });

  test('a fork may plan, and not sign', async () => {
    const planned = await tell(drive, base, { command: 'plan', fork: true });
    expect(planned.ran.succeeded, planned.ran.log).toBe(true);
    expect(JSON.parse(planned.ran.report('plan.json') ?? '')).toMatchObject({
      artifacts: [{ name: 'dist/a.tgz', status: 'required' }],
    });
    const { ran, result } = await tell(drive, base, { command: 'sign', fork: true });
    expect([ran.succeeded, ran.deployed], ran.log).toEqual([false, false]);
    expect(result, ran.log).toMatchObject({
      result: 'deny',
      exitCode: 1,
      message: expect.stringContaining('may plan and never sign'),
    });
    keep('plan of a fork', drive, planned.ran);
  });

  test('signs, and the deployment after it runs', async () => {
    const fresh = await copyOf(base);
    fresh.write('dist/b.tgz', 'new');
    const { here, ran, result } = await tell(drive, fresh, { command: 'sign', inputs: { sidecars: true } });
    expect([ran.succeeded, ran.deployed], ran.log).toEqual([true, true]);
    expect(result, ran.log).toMatchObject({ result: 'allow', message: '2 artifacts signed' });
    expect(here.has('dist/b.tgz.sigstore.json')).toBe(true);
  });
});

test.each(['allow', 'deny', 'pending', 'unreachable', 'policy error', 'plan of a fork'])(
  '%s: the result and the verdicts are the same on every platform',
  (story) => {
    const stories = told.get(story);
    expect([...(stories?.keys() ?? [])].sort()).toEqual(DRIVES.map(({ platform }) => platform).sort());
    const [first, ...others] = [...(stories?.values() ?? [])];
    for (const other of others) expect(other).toEqual(first);
  },
);

let approved: Promise<Workspace> | undefined;

/** The release, approved; once, so that all judge the same evidence. */
function approvedOnce(): Promise<Workspace> {
  approved ??= (async () => {
    const here = await copyOf(base);
    const { status, stderr } = await here.run(['approve', request, '--key', 'keys/cleo', '--yes']);
    if (status !== 0) throw new Error(stderr);
    await here.run(['audit', 'sequence']);
    return here;
  })();
  return approved;
}
