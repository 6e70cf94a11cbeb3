import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AuditLog, openAuditLog } from '@signwright/audit-log';
import {
  type BlobStore,
  openSegment,
  type Receipt,
  type Signer,
  sealSegment,
  type Transactions,
  type VerifierKey,
  verifierKeyOf,
} from '@signwright/signing-core';
import { createDirectoryStore, createGitStore, createS3Store } from '@signwright/storage';
import { createWorkspace, memorySigner, testKeys, trialPolicy, type Workspace } from '@signwright/testkit';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { fsck } from './fsck.ts';
import { makeRepository } from './git-server.ts';
import { describePeer, peer } from './peers.ts';
import { CREDENTIALS, s3Server } from './s3-server.ts';

// Logs that our own engine wrote, under the eyes of Tessera's check and of Go's sumdb/tlog.

const ORIGIN = 'log.example/tiles';
const KEYS = { Ed25519: testKeys('ed25519', ORIGIN), ECDSA: testKeys('p256', ORIGIN) };
type KeyType = keyof typeof KEYS;

function logOn(type: KeyType, blobs: BlobStore, transactions?: Transactions): { log: Promise<AuditLog>; key: VerifierKey } {
  const signer: Signer = memorySigner(KEYS[type]);
  const key = verifierKeyOf(ORIGIN, KEYS[type].publicKey, 'log');
  const trust = { root: undefined, keys: [] };
  const segments = {
    seal: (records: readonly Uint8Array[]) => sealSegment(records, { signer }),
    open: (bytes: Uint8Array) => openSegment(bytes, { logKeys: [key], trust, signers: [] }),
  };
  const clock = { now: () => new Date() };
  const options = { blobs, keys: [key], witnesses: [], count: 0, segments, signer, clock };
  return { log: openAuditLog({ ...options, ...(transactions ? { transactions } : {}) }), key };
}

const recordsOf = (from: number, to: number): Buffer[] =>
  Array.from({ length: to - from }, (_, i) => Buffer.from(`{"record":${from + i}}`));

/** Runs Go's check; what it is to read comes on standard input. */
function logcheck(args: readonly string[], input: Uint8Array = new Uint8Array()): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(peer('logcheck'), [...args], { timeout: 60_000 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(stderr));
    });
    // Who is done before it has read all says so by how it ends.
    child.stdin?.on('error', () => {}).end(input);
  });
}

/** A project whose policy names a log in its directory `log`. */
async function project(key: VerifierKey): Promise<Workspace> {
  const policy = trialPolicy('  - { match: "dist/**", tier: internal }', `audit: { log: log, verifier-keys: ["${key.text}"] }\n`);
  const here = await createWorkspace({ policy });
  onTestFinished(() => here.remove());
  return here;
}

function flip(path: string): void {
  const bytes = readFileSync(path);
  bytes.writeUInt8((bytes.at(-1) as number) ^ 1, bytes.length - 1);
  writeFileSync(path, bytes);
}

describePeer(['fsck', 'logcheck'], 'a log of ours in a directory, exported as tiles while it grows', () => {
  test.each(Object.keys(KEYS) as KeyType[])(
    'is accepted by Tessera and by sumdb at every size, signed by %s',
    { timeout: 300_000 },
    async (type) => {
      const { key } = logOn(type, createDirectoryStore('unused'));
      const here = await project(key);
      const log = await logOn(type, createDirectoryStore(here.path('log'))).log;
      let before = 0;
      for (const size of [1, 255, 256, 257, 512, 1000, 70_000]) {
        const receipts = await log.append(recordsOf(before, size));
        const proof = await log.prove(receipts.at(-1) as Receipt);
        const exported = await here.run(['audit', 'export-tiles', 'public']);
        expect(exported).toMatchObject({
          status: 0,
          stdout: `exported ${size} records of ${ORIGIN}, ${size - before} of them new, to public\n`,
        });
        expect(await fsck(here.path('public'), key.text), `${size}`).toBeUndefined();
        expect(JSON.parse(await logcheck(['tiles', here.path('public'), key.text]))).toEqual({ origin: ORIGIN, size });
        expect(JSON.parse(await logcheck(['proof', key.text], proof))).toMatchObject({ size, index: size - 1 });
        before = size;
      }
    },
  );

  test('is refused with a byte flipped in any of its files', async () => {
    const { key } = logOn('Ed25519', createDirectoryStore('unused'));
    const here = await project(key);
    const log = await logOn('Ed25519', createDirectoryStore(here.path('log'))).log;
    await log.append(recordsOf(0, 300));
    await log.settled();
    expect(await here.run(['audit', 'export-tiles', 'public'])).toMatchObject({ status: 0 });
    const files = here.files('public');
    expect(files).toHaveLength(6);
    for (const name of files) {
      const sound = readFileSync(here.path(`public/${name}`));
      flip(here.path(`public/${name}`));
      expect(await fsck(here.path('public'), key.text), name).toBeDefined();
      await expect(logcheck(['tiles', here.path('public'), key.text]), name).rejects.toThrow();
      here.write(`public/${name}`, sound);
    }
  });
});

describePeer(['fsck', 'minio'], 'a log of ours in a bucket', () => {
  const server = s3Server('minio');
  beforeAll(() => {
    for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, undefined);
    for (const [name, value] of Object.entries(CREDENTIALS)) vi.stubEnv(name, value);
  });
  afterAll(() => vi.unstubAllEnvs());

  test('is accepted by Tessera as its objects lie, over http, once it is published', { timeout: 120_000 }, async () => {
    const bucket = await server.createBucket();
    const statement = { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: `arn:aws:s3:::${bucket}/*` };
    const anybody = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
    expect((await server.request('PUT', `/${bucket}?policy=`, {}, anybody)).status).toBe(204);
    const { log, key } = logOn('Ed25519', createS3Store({ bucket, prefix: 'log', endpoint: server.endpoint, pathStyle: true }));
    const url = new URL(`${server.endpoint}/${bucket}/log/`);
    for (const [from, to] of [
      [0, 3],
      [3, 256],
      [256, 600],
    ] as const) {
      await (await log).append(recordsOf(from, to));
      await (await log).settled();
      await (await log).publish();
      expect(await (await fetch(new URL('checkpoint', url))).text()).toContain(`${ORIGIN}\n${to}\n`);
      expect(await fsck(url, key.text), `${to}`).toBeUndefined();
    }
    const damaged = await (await fetch(new URL('tile/entries/001', url))).text();
    await server.request('PUT', `/${bucket}/log/tile/entries/001`, {}, damaged.replace('"record":300', '"record":301'));
    expect(await fsck(url, key.text)).toBeDefined();
  });
});

describePeer(['fsck', 'logcheck'], 'a log of ours on a branch', () => {
  test('is accepted as anybody checks it out, once it is published', async () => {
    const place = mkdtempSync(join(tmpdir(), 'signwright-tiles-'));
    onTestFinished(() => rmSync(place, { recursive: true, maxRetries: 5 }));
    makeRepository(join(place, 'server.git'));
    const store = createGitStore({ url: `file://${place}/server.git`, branch: 'log' });
    const { log, key } = logOn('Ed25519', store, store);
    await (await log).append(recordsOf(0, 300));
    await (await log).settled();
    await (await log).publish();
    const clone = join(place, 'clone');
    execFileSync('git', ['clone', '--quiet', '--branch', 'log', join(place, 'server.git'), clone]);
    expect(await fsck(clone, key.text)).toBeUndefined();
    expect(JSON.parse(await logcheck(['tiles', clone, key.text]))).toEqual({ origin: ORIGIN, size: 300 });
  });
});
