import { execFileSync } from 'node:child_process';
import {
  createSshKey,
  createWorkspace,
  type FakeGitlabPeople,
  GITLAB_PEOPLE_PROJECT,
  GITLAB_PEOPLE_TOKEN,
  gitlabApproval,
  gitlabJob,
  gitlabPipeline,
  gitlabPush,
  gitlabRequest,
  gitlabUser,
  gitlabVersion,
  hasSshKeygen,
  startFakeGitlabPeople,
  type TestSshKey,
  type Workspace,
} from '@signwright/testkit';
import { afterAll, describe, expect, test } from 'vitest';

const TRIAL = 'https://trial.signwright.invalid';
const made: { remove(): void }[] = [];
const servers: FakeGitlabPeople[] = [];
afterAll(async () => {
  for (const one of made) one.remove();
  for (const server of servers) await server.close();
});

type People = 'ann' | 'bob';
type Project = {
  readonly here: Workspace;
  readonly keys: Readonly<Record<People, TestSshKey>>;
  /** Commits with the real git, signed with somebody's key or by nobody. @returns the commit. */
  commit(by?: People): string;
  /** From now on this is a job of another repository, for that commit. */
  become(job: 'build' | 'gate', commit?: string): void;
};

/** A project with a history, its log, an anchor, and two people; jobs of `repository` build, those of `acme/gate` are the verifier. */
async function project(tier: string, repository = `${TRIAL}/acme/app`): Promise<Project> {
  const keys = { ann: createSshKey('ed25519'), bob: createSshKey('ed25519') };
  const here = await createWorkspace({ files: { 'dist/a.bin': 'a', 'docs/guide.txt': 'guide' } });
  made.push(here, keys.ann, keys.bob);
  const init = await here.run(['audit', 'init', '--name', 'log.example/test', '--key', 'keys/log.pem']);
  const logKey = /verifier-keys: \["(.+)"\]/.exec(init.stdout)?.[1];
  const person = (id: People, gitlab: number): string =>
    `  ${id}: { ssh: [{ key: "${keys[id].line.split(' ').slice(0, 2).join(' ')}" }], gitlab: ${gitlab}, emails: [${id}@acme.example] }`;
  here.write(
    'signwright.yaml',
    `version: 1
trust: { root: .signwright/trial/trusted-root.json, timestamp: { trial: .signwright/trial } }
environments: { default: { allow-development: true } }
people:
${person('ann', 1017)}
${person('bob', 1018)}
roles: { security: [ann, bob], managers: [ann, bob] }
workloads:
  ci: { issuer: "${TRIAL}", repository: "${repository}" }
  gates: { issuer: "${TRIAL}", repository: "${TRIAL}/acme/gate" }
signers:
  build: { certificate: { trial: .signwright/trial }, workloads: [ci] }
  gate: { certificate: { trial: .signwright/trial }, workloads: [gates] }
verifiers: [{ id: "https://cd.acme.example/gate", by: gate }]
tiers:
  open: { signatures: [build], audit: required }
  closed:
    extends: open
${tier}
artifacts:
  - { match: "dist/**", tier: closed }
  - { match: "docs/**", tier: open }
audit: { log: log, key: keys/log.pem, verifier-keys: ["${logKey}"] }
`,
  );
  const check = await here.run(['policy', 'check', '--output', 'json']);
  expect(check).toMatchObject({ status: 0 });
  here.write('anchor.yaml', `policy-sha256: "${(JSON.parse(check.stdout) as { digest: string }).digest}"\n`);
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', here.path('history'), ...args], {
      env: { PATH: process.env['PATH'] ?? '', HOME: here.directory, GIT_CONFIG_NOSYSTEM: '1' },
      stdio: 'pipe',
    })
      .toString()
      .trim();
  here.write('history/.keep', '');
  git('init', '--quiet', '--initial-branch=main');
  let count = 0;
  return {
    here,
    keys,
    commit(by) {
      const email = by === undefined ? 'stranger@elsewhere.example' : `${by}@acme.example`;
      const signing = by === undefined ? [] : ['-c', 'gpg.format=ssh', '-c', `user.signingKey=${keys[by].path}`];
      const who = ['-c', `user.name=${by ?? 'stranger'}`, '-c', `user.email=${email}`];
      git(
        ...who,
        ...signing,
        'commit',
        '--quiet',
        '--allow-empty',
        ...(by === undefined ? [] : ['-S']),
        '-m',
        `change ${++count}`,
      );
      return git('rev-parse', 'HEAD');
    },
    become(job, commit) {
      const file = '.signwright/trial/identity.json';
      const identity = {
        ...(JSON.parse(here.read(file)) as { sha?: string }),
        repository: job === 'build' ? repository : `${TRIAL}/acme/gate`,
      };
      here.write(file, JSON.stringify({ ...identity, ...(commit === undefined ? {} : { sha: commit }) }), 0o600);
    },
  };
}

const COLLECT = ['collect', 'dist', '--anchor', 'anchor.yaml', '--git', 'history'];
const DUTIES = '    separation-of-duties: [author]\n    approvals: [{ role: security }]';

/** Builds and signs new bytes from a commit, and asks for approvals. @returns the request. */
async function release({ here, become }: Project, commit: string, content: string): Promise<string> {
  become('build', commit);
  here.write('dist/a.bin', content);
  expect(await here.run(['sign'])).toMatchObject({ status: 0 });
  const asked = await here.run(['request', 'dist']);
  become('gate');
  return asked.stdout.split('\n', 1)[0] ?? '';
}

async function approve({ here, keys }: Project, request: string, by: People) {
  return here.run(['approve', request, '--key', keys[by].path, '--yes']);
}

type Verdict = {
  outcomes: { requirement: string; status: string; code: string; message: string; refused: { code: string }[] }[];
};

async function outcome(here: Workspace, requirement: string) {
  const { stdout } = await here.run(['verify', 'dist', '--output', 'json']);
  const [verdict] = (JSON.parse(stdout) as { verdicts: Verdict[] }).verdicts;
  return verdict?.outcomes.find((one) => one.requirement === requirement);
}

describe.skipIf(!hasSshKeygen)('signwright collect', () => {
  test('keeps the authors from approving, since the last release of this tier that a verifier allowed', async () => {
    const all = await project(DUTIES);
    const { here, become, commit } = all;
    const first = commit('ann');
    const request = await release(all, first, 'one');
    const collected = await here.run(['collect', request, '--anchor', 'anchor.yaml', '--git', 'history']);
    expect(collected).toMatchObject({ status: 0, stdout: expect.stringContaining('1 authors since the first commit') });
    expect(collected.stderr).toMatch(/gate: told the authors of 1, evidence sha256:.*, record/);
    await approve(all, request, 'ann');
    expect(await outcome(here, 'approval:security')).toMatchObject({
      status: 'pending',
      refused: [{ code: 'duties-not-separated' }],
    });
    expect(await here.run(['verify', 'dist'])).toMatchObject({ status: 4 });
    await approve(all, request, 'bob');
    expect(await here.run(['verify', 'dist', '--attest', '--anchor', 'anchor.yaml'])).toMatchObject({ status: 0 });

    // What another tier lets through from a newer commit is no base.
    const second = commit('bob');
    become('build', second);
    here.write('docs/guide.txt', 'newer');
    await here.run(['sign', 'docs']);
    become('gate');
    expect(await here.run(['verify', 'docs', '--attest', '--anchor', 'anchor.yaml'])).toMatchObject({ status: 0 });

    const next = await release(all, second, 'two');
    expect(await here.run(COLLECT)).toMatchObject({ status: 0, stdout: expect.stringContaining(`1 authors since ${first}`) });
    await approve(all, next, 'bob');
    expect(await here.run(['verify', 'dist'])).toMatchObject({ status: 4 });
    await approve(all, next, 'ann');
    expect(await here.run(['verify', 'dist'])).toMatchObject({ status: 0 });
  }, 120_000);

  test('where nobody knows an author, or the history is not all there, nothing is decided', async () => {
    const all = await project(DUTIES);
    const { here, commit } = all;
    commit();
    const head = commit('ann');
    const request = await release(all, head, 'one');
    await approve(all, request, 'bob');
    expect(await outcome(here, 'separation-of-duties')).toMatchObject({ status: 'inconclusive', code: 'authors-unknown' });
    expect(await here.run(COLLECT)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('of 1 commits nobody knows the author'),
    });
    expect(await here.run(['verify', 'dist'])).toMatchObject({ status: 3 });
    expect((await outcome(here, 'separation-of-duties'))?.message).toContain('is not signed');

    const other = await project(DUTIES);
    const missing = await release(other, 'c0'.repeat(20), 'one');
    other.commit('ann');
    await approve(other, missing, 'bob');
    expect(await other.here.run(COLLECT)).toMatchObject({ status: 0, stdout: expect.stringContaining('incomplete: ') });
    expect(await other.here.run(['verify', 'dist'])).toMatchObject({ status: 3 });
  }, 120_000);

  test('is a verifier’s alone, by an anchored policy, of what was signed from a commit', async () => {
    const all = await project(DUTIES);
    const { here, become, commit } = all;
    const head = commit('ann');
    become('gate', head);
    const unsigned = await here.run(COLLECT);
    expect(unsigned).toMatchObject({ status: 1, stderr: expect.stringContaining('nobody knows what it was made from') });
    await release(all, head, 'one');
    expect(await here.run(['collect', 'dist', '--git', 'history'])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--anchor'),
    });
    expect(await here.run(['collect', 'docs', '--anchor', 'anchor.yaml'])).toMatchObject({ status: 2 });
    expect(await here.run([...COLLECT, '--signer', 'build'])).toMatchObject({ status: 2 });
    become('build');
    expect(await here.run(COLLECT)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('this run may not sign as gate'),
    });
    expect(await outcome(here, 'separation-of-duties')).toMatchObject({ code: 'authors-unknown' });
  }, 60_000);
});

describe.skipIf(!hasSshKeygen)('a platform', () => {
  const [ann, bob] = [gitlabUser(1017, 'ann'), gitlabUser(1018, 'bob')];

  async function gitlab(): Promise<{ server: FakeGitlabPeople; repository: string; env: Record<string, string> }> {
    const server = await startFakeGitlabPeople();
    servers.push(server);
    const env = { SIGNWRIGHT_GITLAB_TOKEN: GITLAB_PEOPLE_TOKEN, SIGNWRIGHT_GITLAB_HOST: server.host };
    return { server, repository: `https://${server.host}/${GITLAB_PEOPLE_PROJECT}`, env };
  }

  test('tells who pushed, and who asked for the run: neither approves', async () => {
    const { server, repository, env } = await gitlab();
    const all = await project(DUTIES.replace('[author]', '[author, requester]'), repository);
    const { here, commit } = all;
    const head = commit();
    server.commits.set(head, []);
    server.events.push(gitlabPush(1, ann, null, head));
    server.pipelines.set('7', gitlabPipeline(7, head, bob));
    server.jobs.set('7', [gitlabJob(1, bob)]);
    const request = await release(all, head, 'one');
    const wrongRun = await here.run([...COLLECT, '--platform', 'gitlab', '--run', '8'], { env });
    expect(wrongRun.status).not.toBe(0);
    const collected = await here.run([...COLLECT, '--platform', 'gitlab', '--run', '7'], { env });
    expect(collected).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('1 authors since the first commit, who asked for it is known'),
    });
    expect(await outcome(here, 'separation-of-duties')).toMatchObject({ status: 'met' });
    for (const who of ['ann', 'bob'] as const) await approve(all, request, who);
    const approvals = await outcome(here, 'approval:security');
    expect(approvals).toMatchObject({ status: 'pending' });
    expect(approvals?.refused.map(({ code }) => code)).toEqual(['duties-not-separated', 'duties-not-separated']);
  }, 60_000);

  test('that is asked about another repository than the certificates name, without a token, or not reached, is no source', async () => {
    const { server, repository, env } = await gitlab();
    const all = await project(DUTIES, repository);
    const head = all.commit('ann');
    await release(all, head, 'one');
    const asking = [...COLLECT, '--platform', 'gitlab'];
    expect(await all.here.run([...asking, '--project', 'gitlab://other.example/acme/app'], { env })).toMatchObject({ status: 2 });
    expect(await all.here.run(asking)).toMatchObject({ status: 2, stderr: expect.stringContaining('SIGNWRIGHT_GITLAB_TOKEN') });
    expect(await all.here.run([...COLLECT, '--platform', 'nonsense'], { env })).toMatchObject({ status: 2 });
    server.fault = 'broken';
    expect(await all.here.run(asking, { env })).toMatchObject({ status: 3 });
    expect(await outcome(all.here, 'separation-of-duties')).toMatchObject({ code: 'authors-unknown' });
  }, 60_000);

  test('whose approval counts only where the policy says platform', async () => {
    const { server, repository, env } = await gitlab();
    const all = await project('    approvals: [{ role: managers, kind: platform }, { role: security }]', repository);
    const { here, commit } = all;
    const head = commit('ann');
    server.commits.set(head, []);
    server.requests.set(head, [gitlabRequest(1, ann, { head })]);
    server.versions.set('1', [gitlabVersion(1, head, '2026-01-01T10:00:00.000Z')]);
    server.approvals.set('1', [gitlabApproval(bob, '2026-01-01T12:00:00.000Z')]);
    const request = await release(all, head, 'one');
    const collected = await here.run([...COLLECT, '--platform', 'gitlab'], { env });
    expect(collected).toMatchObject({ status: 0, stdout: `${head}: 1 decisions on gitlab\n` });
    expect(await outcome(here, 'approval:managers:platform')).toMatchObject({ status: 'met' });
    expect(await outcome(here, 'approval:security')).toMatchObject({ status: 'pending' });
    await approve(all, request, 'ann');
    expect(await here.run(['verify', 'dist'])).toMatchObject({ status: 0 });
  }, 60_000);
});
