import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { createWorkspace, type Finished, trialPolicy, type Workspace } from '@signwright/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { makeRepository, startGitServer } from './git-server.ts';
import { describePeer } from './peers.ts';
import { CREDENTIALS, s3Server } from './s3-server.ts';

// Jobs on machines that are thrown away: each has a workspace of its own, no key of the log, and shares the stores alone.

/** What one job signs by: the stores as YAML, the tier's lines, who the log's key is. */
type Job = { readonly audit: string; readonly evidence: string; readonly tier?: string; readonly verifierKey: string };

async function job({ audit, evidence, tier = '', verifierKey }: Job, file = 'a'): Promise<Workspace> {
  const more = `  recorded: { extends: internal, audit: required${tier} }
audit: { ${audit}, key: keys/log.pem, persistent: true, verifier-keys: ["${verifierKey}"] }
evidence: { ${evidence} }
`;
  const policy = trialPolicy('  - { match: "dist/**", tier: recorded }', more);
  const here = await createWorkspace({ policy, files: { [`dist/${file}.bin`]: file } });
  onTestFinished(() => here.remove());
  return here;
}

async function logKey(): Promise<{ verifierKey: string; pem: string }> {
  const maker = await createWorkspace({});
  onTestFinished(() => maker.remove());
  const init = await maker.run(['audit', 'init', '--name', 'log.example/elsewhere', '--key', 'keys/log.pem']);
  return { verifierKey: /verifier-keys: \["(.+)"\]/.exec(init.stdout)?.[1] ?? '', pem: maker.read('keys/log.pem') };
}

/** Jobs sign, whoever has the key orders, another machine waits and verifies. */
async function passThrough(stores: Omit<Job, 'verifierKey'>, env: { [name: string]: string }): Promise<void> {
  const { verifierKey, pem } = await logKey();
  const run = (here: Workspace, ...args: string[]): Promise<Finished> => here.run(args, { env });
  const jobs = await Promise.all(['a', 'b', 'c'].map((file) => job({ ...stores, verifierKey }, file)));
  const signed = await Promise.all(jobs.map((here) => run(here, 'sign', '--no-sidecars')));
  for (const { status, stderr } of signed) expect(status, stderr).toBe(0);
  expect(signed[0]?.stderr).toContain('written and not proven yet');

  const auditor = await job({ ...stores, verifierKey });
  const before = await run(auditor, 'verify');
  expect(before.status, before.stderr).toBe(3);
  const scheduled = await job({ ...stores, verifierKey });
  scheduled.write('keys/log.pem', pem, 0o600);
  expect(await run(scheduled, 'audit', 'sequence')).toMatchObject({ status: 0, stdout: /in order: 6 records of 6 segments/ });
  const waited = await run(auditor, 'wait');
  expect(waited, waited.stderr).toMatchObject({ status: 0, stdout: /proven: 1/ });
  const after = await run(auditor, 'verify');
  expect(after.status, after.stdout).toBe(0);
  const audited = await run(auditor, 'audit', 'verify');
  expect(audited.status, audited.stdout + audited.stderr).toBe(0);
}

describePeer('minio', 'records and evidence in buckets under Object Lock', () => {
  const server = s3Server('minio');

  test('jobs append, a scheduled job orders, any machine verifies', async () => {
    const bucket = await server.createBucket(true);
    const place = (prefix: string): string =>
      `"s3://${bucket}/${prefix}?endpoint=${encodeURIComponent(server.endpoint)}&path-style=true"`;
    const stores = {
      audit: `log: ${place('log')}, lock: compliance, retain: 1d`,
      evidence: `store: ${place('evidence')}, lock: compliance`,
      tier: ', retain: 1d',
    };
    await passThrough(stores, { ...CREDENTIALS, AWS_REGION: 'us-east-1' });
    const checkpoint = await (await server.request('GET', `/${bucket}/log/checkpoint`)).text();
    expect(checkpoint).toMatch(/^log\.example\/elsewhere\n6\n/);
  });

  test('a bucket without Object Lock is refused before anything is signed, and named', async () => {
    const bucket = await server.createBucket();
    const place = `"s3://${bucket}?endpoint=${encodeURIComponent(server.endpoint)}&path-style=true"`;
    const { verifierKey } = await logKey();
    const env = { ...CREDENTIALS, AWS_REGION: 'us-east-1' };
    for (const stores of [
      { audit: `log: ${place}, lock: compliance, retain: 1d`, evidence: 'store: kept' },
      { audit: 'log: log', evidence: `store: ${place}, lock: governance` },
    ]) {
      const here = await job({ ...stores, verifierKey });
      const refused = await here.run(['sign'], { env });
      expect(refused).toMatchObject({ status: 2, stderr: expect.stringContaining(`the bucket ${bucket} has no Object Lock`) });
      expect(here.evidence('kept').size).toBe(0);
    }
  });

  test('wrong credentials say so, and no credential is in what is said', async () => {
    const bucket = await server.createBucket();
    const place = `"s3://${bucket}?endpoint=${encodeURIComponent(server.endpoint)}&path-style=true"`;
    const { verifierKey } = await logKey();
    const here = await job({ audit: `log: ${place}`, evidence: 'store: kept', verifierKey });
    const env = { ...CREDENTIALS, AWS_SECRET_ACCESS_KEY: 'wrong-secret-key-of-nobody', AWS_REGION: 'us-east-1' };
    const refused = await here.run(['sign'], { env });
    expect([2, 3]).toContain(refused.status);
    expect(refused.stderr).toContain(bucket);
    expect(refused.stderr).not.toContain('wrong-secret');
    expect(here.evidence('kept').size).toBe(0);
  });
});

test('on branches of a repository, with a job token: two pushes of the log a run, however many artifacts', async () => {
  const root = await createWorkspace({});
  onTestFinished(() => root.remove());
  const repository = join(root.directory, 'log.git');
  makeRepository(repository);
  const pushes = join(root.directory, 'pushes');
  writeFileSync(join(repository, 'hooks', 'post-receive'), `#!/bin/sh\ncat >> ${pushes}\n`, { mode: 0o755 });
  const git = await startGitServer(root.directory);
  onTestFinished(() => git.close());
  const stores = {
    audit: `log: "git+${git.origin}/log.git#signing-log"`,
    evidence: `store: "git+${git.origin}/log.git#evidence"`,
  };
  const env = { SIGNWRIGHT_GIT_TOKEN: 'job-secret', SIGNWRIGHT_GIT_HOST: new URL(git.origin).host };
  const { verifierKey } = await logKey();
  git.users.write = 'x-access-token:job-secret';
  const many = await job({ ...stores, verifierKey });
  for (let at = 0; at < 40; at++) many.write(`dist/${at}.bin`, `${at}`);
  const sign = await many.run(['sign', '--no-sidecars'], { env });
  expect(sign.status, sign.stderr).toBe(0);
  const pushed = root
    .read('pushes')
    .split('\n')
    .filter((line) => line.endsWith('refs/heads/signing-log'));
  expect(pushed).toHaveLength(2);
  expect(execFileSync('git', ['-C', repository, 'log', '--format=%an %ae', 'signing-log'], { encoding: 'utf8' })).not.toContain(
    'root',
  );
  const others = {
    audit: stores.audit.replace('signing-log', 'other-log'),
    evidence: stores.evidence.replace('evidence"', 'other"'),
  };
  await passThrough(others, env);
});

test('a store that never answers ends the run within its deadline, inconclusive, with nothing signed', {
  timeout: 180_000,
}, async () => {
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void silent.close());
  const { port } = silent.address() as AddressInfo;
  const { verifierKey } = await logKey();
  const endpoint = encodeURIComponent(`http://127.0.0.1:${port}`);
  for (const log of [`s3://bucket/log?endpoint=${endpoint}&path-style=true`, `git+http://127.0.0.1:${port}/log.git#log`]) {
    const here = await job({ audit: `log: "${log}"`, evidence: 'store: kept', verifierKey });
    const hung = await here.run(['sign'], { env: { ...CREDENTIALS, AWS_REGION: 'us-east-1' } });
    expect(hung, hung.stderr).toMatchObject({ status: 3, stderr: /→ / });
    expect(here.evidence('kept').size).toBe(0);
    expect(here.files('dist')).toEqual(['a.bin']);
  }
});
