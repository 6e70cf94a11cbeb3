import { execFile, spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  createEvidenceStore,
  holdEvidence,
  liftHold,
  pruneEvidence,
  retentionEnforcement,
  surveyEvidence,
} from '@signwright/evidence';
import { type Sha256, sha256 } from '@signwright/signing-core';
import { createS3Store } from '@signwright/storage';
import { createWorkspace, evidenceStoreContract, type Finished, trialPolicy, type Workspace } from '@signwright/testkit';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { describePeer } from './peers.ts';
import { CREDENTIALS, type S3Server, s3Server } from './s3-server.ts';
import type { Ended } from './scenario.ts';

const COMMAND = fileURLToPath(new URL('../packages/apps/cli/bin/signwright.cjs', import.meta.url));
/** Where this user may make a network of their own, with nothing in it. */
const CUT_OFF = spawnSync('/usr/bin/unshare', ['-rn', 'true']).status === 0 ? ['/usr/bin/unshare', '-rn'] : [];
const DAY = 24 * 60 * 60 * 1000;
const SUBJECTS: readonly Sha256[] = Array.from({ length: 40 }, (_, at) => sha256(`subject ${at}`));
const ENV = { ...CREDENTIALS, AWS_REGION: 'us-east-1' };

beforeAll(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, undefined);
  for (const [name, value] of Object.entries(ENV)) vi.stubEnv(name, value);
});
afterAll(() => vi.unstubAllEnvs());

describePeer('minio', 'evidence on MinIO', () => {
  const server = s3Server('minio');
  const open = (bucket: string, mode?: 'compliance'): ReturnType<typeof createS3Store> =>
    createS3Store({ bucket, endpoint: server.endpoint, pathStyle: true, ...(mode ? { retain: { mode } } : {}) });
  /** A clock that is 60 days ahead, as a wrong one may be. */
  const ahead = { now: () => new Date(Date.now() + 60 * DAY) };

  evidenceStoreContract('evidence under Object Lock', async () => {
    const bucket = await server.createBucket(true);
    return { open: () => createEvidenceStore(open(bucket, 'compliance')) };
  });

  test('the bucket itself keeps what is retained, whatever our clock says; what has ended goes, with every version', async () => {
    const blobs = open(await server.createBucket(true), 'compliance');
    const store = { blobs, retaining: blobs };
    expect(await retentionEnforcement(store)).toEqual({ enforced: 'compliance' });
    const evidence = createEvidenceStore(blobs);
    const put = (text: string, milliseconds?: number): Promise<Sha256> =>
      evidence.put(Buffer.from(text), SUBJECTS, milliseconds === undefined ? undefined : new Date(Date.now() + milliseconds));
    const soon = await put('soon', 2000);
    const late = await put('late', 30 * DAY);
    const never = await put('never');
    const held = await put('held', 2000);
    expect(await holdEvidence(store, 'case-1', [held])).toEqual({ enforced: 'compliance' });
    await new Promise((resolve) => setTimeout(resolve, 4500));
    expect(await pruneEvidence(store)).toMatchObject({ removed: [], kept: { recent: 1, retained: 1, held: 1, unretained: 1 } });
    const dry = await pruneEvidence(store, { clock: ahead, dryRun: true });
    expect(dry).toMatchObject({ removed: [soon], kept: { locked: 1, held: 1, unretained: 1 } });
    expect(await pruneEvidence(store, { clock: ahead })).toMatchObject({ removed: [soon], kept: { locked: 1 } });
    const listed = await evidence.list(SUBJECTS);
    for (const subject of SUBJECTS) expect([...(listed.get(subject) ?? [])].sort()).toEqual([late, never, held].sort());
    expect(Buffer.from(await evidence.get(late)).toString()).toBe('late');
    await liftHold(store, 'case-1');
    expect((await pruneEvidence(store, { clock: ahead })).removed).toEqual([held]);
    expect((await surveyEvidence(store)).map(({ id }) => id).sort()).toEqual([late, never].sort());
  });

  test('a bucket without a lock says so, heeds what it is told, and removes', async () => {
    const blobs = open(await server.createBucket());
    const store = { blobs, retaining: blobs };
    expect(await retentionEnforcement(store)).toMatchObject({ enforced: false });
    const id = await createEvidenceStore(blobs).put(Buffer.from('soon'), SUBJECTS, new Date(Date.now() + 1000));
    expect(await holdEvidence(store, 'case-1', [id])).toMatchObject({
      enforced: false,
      why: expect.stringContaining('Object Lock'),
    });
    expect(await pruneEvidence(store, { clock: ahead })).toMatchObject({ removed: [], kept: { held: 1 } });
    await liftHold(store, 'case-1');
    expect((await pruneEvidence(store, { clock: ahead })).removed).toEqual([id]);
  });

  test('what a tier retains is locked in the bucket: neither prune, nor a hold lifted, nor a request by hand removes it', async () => {
    const bucket = await server.createBucket(true);
    const here = await release(placeIn(server, bucket, 'evidence'), 'compliance');
    const { retention, evidence } = JSON.parse((await run(here, 'list', '--output', 'json')).stdout) as Listed;
    expect(retention).toEqual({ enforced: 'compliance' });
    expect(evidence.map(({ kind }) => kind).sort()).toEqual(['part', 'policy-snapshot', 'record-proof']);

    expect(await run(here, 'hold', 'add', 'case-1')).toMatchObject({
      status: 0,
      stdout: /the store itself refuses to remove them/,
    });
    const legal = await head(server, bucket, evidence[0]?.id);
    expect(legal.headers.get('x-amz-object-lock-legal-hold')).toBe('ON');
    expect(await run(here, 'prune')).toMatchObject({ status: 0, stdout: /0 pieces removed\nkept 3: under a legal hold/ });
    expect(await run(here, 'hold', 'remove', 'case-1')).toMatchObject({ status: 0 });
    expect(await run(here, 'prune')).toMatchObject({ status: 0, stdout: /0 pieces removed\nkept 3: to be kept for longer/ });

    for (const { id } of evidence) {
      const found = await head(server, bucket, id);
      expect(found.headers.get('x-amz-object-lock-mode')).toBe('COMPLIANCE');
      expect(Date.parse(found.headers.get('x-amz-object-lock-retain-until-date') ?? '')).toBeGreaterThan(Date.now() + 29 * DAY);
      const version = found.headers.get('x-amz-version-id') ?? '';
      expect(version).not.toBe('');
      const removed = await server.request('DELETE', `/${bucket}/${keyOf(id)}?versionId=${version}`);
      expect(removed.status).toBeGreaterThanOrEqual(400);
    }
    expect(await run(here, 'verify')).toMatchObject({ status: 0, stdout: /3 pieces of evidence, each as it was put/ });
  });

  const network = CUT_OFF.length > 0 ? 'no network' : 'no network asked for (unshare is not allowed here)';
  test(`an archive verifies on another machine: ${network}, no environment, no other file; years later, and not when changed`, async () => {
    const bucket = await server.createBucket(true);
    const here = await release(placeIn(server, bucket, 'evidence'), 'compliance');
    expect(await run(here, 'export', '--out', 'release.tar')).toMatchObject({ status: 0, stderr: '' });
    const policy = /policy digest (sha256:\S+)/.exec((await here.run(['policy', 'check'])).stdout)?.[1];

    const there = await createWorkspace({ trial: false });
    onTestFinished(() => there.remove());
    copyFileSync(here.path('release.tar'), there.path('release.tar'));
    there.write('anchor.yaml', `name: acme\npolicy-sha256: ${policy}\n`);
    for (const args of [
      ['release.tar'],
      ['release.tar', '--anchor', 'anchor.yaml'],
      ['release.tar', '--anchor', 'anchor.yaml', '--at', '2046-11-22', '--output', 'json'],
    ]) {
      const judged = await cutOff(there, ['evidence', 'verify', ...args]);
      expect(judged.status, judged.stderr).toBe(0);
      expect(judged.stdout).toContain('record-proven');
      if (args.includes('--at')) expect(judged.stdout).toContain('"at": "2046-11-22T00:00:00.000Z"');
    }
    const bytes = readFileSync(there.path('release.tar'));
    const at = bytes.indexOf('dsseEnvelope') + 100;
    bytes.writeUInt8((bytes[at] ?? 0) ^ 1, at);
    there.write('release.tar', bytes);
    const changed = await cutOff(there, ['evidence', 'verify', 'release.tar']);
    expect(changed).toMatchObject({ status: 1, stdout: '' });
    expect(changed.stderr).toMatch(/release\.tar is not as it was made: evidence\/[0-9a-f]{2}\/[0-9a-f]{62} has other bytes/);
  });

  test('evidence is pushed into a bucket under the lock the policy wants, and pulled from it elsewhere', async () => {
    const here = await release('kept');
    const bucket = await server.createBucket(true);
    const place = placeIn(server, bucket, 'evidence');
    here.write('locked.yaml', here.read('signwright.yaml').replace('store: kept', 'store: kept, lock: compliance'));
    const unlocked = placeIn(server, await server.createBucket(), '');
    const refused = await run(here, 'push', '--policy', 'locked.yaml', '--evidence', 'kept', '--to', unlocked);
    expect(refused).toMatchObject({ status: 2, stderr: /has no Object Lock/ });
    const push = ['push', '--policy', 'locked.yaml', '--evidence', 'kept', '--to', place];
    expect(await run(here, ...push)).toMatchObject({
      status: 0,
      stdout: /3 pieces copied, 0 there already[\s\S]*\(compliance\)/,
    });
    expect(await run(here, ...push)).toMatchObject({ status: 0, stdout: /0 pieces copied, 3 there already/ });
    const { evidence } = JSON.parse((await run(here, 'list', '--evidence', place, '--output', 'json')).stdout) as Listed;
    for (const { id } of evidence)
      expect((await head(server, bucket, id)).headers.get('x-amz-object-lock-mode')).toBe('COMPLIANCE');

    const there = await createWorkspace({ policy: here.read('signwright.yaml'), files: { 'dist/app.tgz': 'app' } });
    onTestFinished(() => there.remove());
    expect(await run(there, 'pull', '--from', place)).toMatchObject({ status: 0, stdout: /3 pieces copied/ });
    expect(await there.run(['verify'])).toMatchObject({ status: 0 });
  });
});

type Listed = { retention: object; evidence: { id: Sha256; kind: string }[] };

/** A signed and recorded release of one file; its tier wants evidence kept for 30 days. */
async function release(store: string, lock?: string): Promise<Workspace> {
  const here = await createWorkspace({ files: { 'dist/app.tgz': 'app' } });
  onTestFinished(() => here.remove());
  const init = await here.run(['audit', 'init', '--name', 'log.example/release', '--key', 'keys/log.pem']);
  const key = /verifier-keys: \["(.+)"\]/.exec(init.stdout)?.[1];
  const more = `  recorded: { extends: internal, audit: required, retain: 30d }
audit: { log: log, key: keys/log.pem, verifier-keys: ["${key}"] }
evidence: { store: "${store}"${lock === undefined ? '' : `, lock: ${lock}`} }
`.replaceAll('"kept"', 'kept');
  const policy = trialPolicy('  - { match: "dist/**", tier: recorded }', more);
  here.write('signwright.yaml', policy.replace('version: 1\n', 'version: 1\nname: acme\n'));
  const signed = await here.run(['sign', '--no-sidecars'], { env: ENV });
  expect(signed.status, signed.stderr).toBe(0);
  return here;
}

function placeIn({ endpoint }: S3Server, bucket: string, prefix: string): string {
  return `s3://${bucket}${prefix === '' ? '' : `/${prefix}`}?endpoint=${encodeURIComponent(endpoint)}&path-style=true`;
}

function run(here: Workspace, ...args: string[]): Promise<Finished> {
  return here.run(['evidence', ...args], { env: ENV });
}

function keyOf(id: Sha256 | undefined): string {
  return `evidence/evidence/${id?.slice(7, 9)}/${id?.slice(9)}`;
}

function head({ request }: S3Server, bucket: string, id: Sha256 | undefined): Promise<Response> {
  return request('HEAD', `/${bucket}/${keyOf(id)}`);
}

/** Runs the command with an empty environment, and where that can be had in a network namespace that has nothing in it. */
function cutOff(at: Workspace, args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { cwd: at.directory, env: {}, timeout: 60_000 };
    const [file = '', ...rest] = [...CUT_OFF, process.execPath, COMMAND, ...args];
    execFile(file, rest, options, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, stdout, stderr });
    });
  });
}
