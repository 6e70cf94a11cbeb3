import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { openAuditLog } from '@signwright/audit-log';
import { type BlobStore, type Receipt, SignwrightError, type Transactions } from '@signwright/signing-core';
import { createGitStore, createS3Store } from '@signwright/storage';
import { createFaultyBlobStore, testAuditLog, testIntent, testResult, type WriteFault } from '@signwright/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type GitServer, makeRepository, startGitServer } from './git-server.ts';
import { beginLog, judgeLog, makeLogKey, type SharedLog, startWriter, type Writer, type WriterOptions } from './log-writers.ts';
import { describePeer } from './peers.ts';
import { CREDENTIALS, s3Server } from './s3-server.ts';

// One audit log of many processes, in a bucket and on a branch: any of them may die at any moment, and any write may fail.

const PROCESSES = 16;
const pem = makeLogKey();
/** So many records that those who come then make the first tile full. */
const ALMOST_A_TILE = 252;

/** Where a log is: how the writers open it, and how it is looked at afterwards. */
type Place = {
  readonly log: SharedLog;
  readonly store: BlobStore;
  judge(acknowledged: readonly string[], receipts: readonly Receipt[]): Promise<string[]>;
};

/** What is wrong with a log, where it may be so wrong that nothing can be said of it. */
async function judging(judge: () => Promise<string[]>): Promise<string[]> {
  return judge().catch((error: unknown) => {
    if (error instanceof SignwrightError) return [error.message];
    throw error;
  });
}

/** Lets every writer come to its end, or to its death. @returns what they said that failed, and what is wrong with the log. */
async function judgeAll(place: Place, writers: readonly Writer[]): Promise<string[]> {
  const ends = await Promise.all(writers.map(({ ended }) => ended));
  const failed = ends.flatMap(({ code, said }) => (code === 0 || code === null ? [] : [`a writer failed: ${said}`]));
  const acknowledged = writers.flatMap((writer) => writer.acknowledged);
  const receipts = writers.flatMap((writer) => writer.receipts);
  return [...failed, ...(await judging(() => place.judge(acknowledged, receipts)))];
}

/** Starts 16 writers at once, each of which dies at a write of its own, and the last ones at none. */
async function waveOfDeaths(
  place: Place,
  first: number,
  options: WriterOptions,
): Promise<{ ends: (number | null)[]; writers: Writer[] }> {
  const writers = Array.from({ length: PROCESSES }, (_, i) => startWriter(place.log, { ...options, dieAt: first + i }));
  const ends = await Promise.all(writers.map(async ({ ended }) => (await ended).code));
  return { ends, writers };
}

/** Kills some of many that write without end, at random moments after their first record. */
async function killAtRandom(place: Place, lives: number, pause: number, options: WriterOptions): Promise<Writer[]> {
  const writers: Writer[] = [];
  const live = async (slot: number): Promise<void> => {
    for (let life = 0; life < lives; life++) {
      const writer = startWriter(place.log, { ...options, withoutKey: slot % 4 === 3 });
      writers.push(writer);
      while (writer.acknowledged.length === 0 && writer.child.exitCode === null) await wait(20);
      await wait(Math.random() * pause);
      writer.child.kill('SIGKILL');
      await writer.ended;
    }
  };
  await Promise.all(Array.from({ length: PROCESSES }, (_, slot) => live(slot)));
  return writers;
}

/** Lets writers that know no conditions loose on a log, until something is wrong with it: two must meet for that. */
async function untilWrong(place: Place, options: WriterOptions): Promise<string[]> {
  const writers: Writer[] = [];
  let wrong: string[] = [];
  for (let wave = 0; wave < 5 && wrong.length === 0; wave++) {
    writers.push(...Array.from({ length: PROCESSES / 2 }, () => startWriter(place.log, options)));
    wrong = await judgeAll(place, writers);
  }
  return wrong;
}

const { signer, keys, clock, open, sealBy } = testAuditLog();

/** Does one thing after another with a log, each failing by itself. @returns the records it was told are durable. */
async function tryAll(blobs: BlobStore, transactions?: Transactions): Promise<Receipt[]> {
  const segments = { open, seal: sealBy(signer) };
  const options = { blobs, keys, clock, witnesses: [], count: 0, signer, segments };
  const log = await openAuditLog({ ...options, ...(transactions ? { transactions } : {}) });
  const acknowledged: Receipt[] = [];
  const intents = [testIntent('a'), testIntent('b')];
  for (const step of [
    async () => acknowledged.push(...(await log.append(intents))),
    async () => acknowledged.push(...(await log.append([testResult('a', intents)]))),
    () => log.publish(),
    async () => acknowledged.push(...(await log.append([testIntent('c')]))),
  ]) {
    await step().catch((error: unknown) => {
      if (!(error instanceof SignwrightError && error.code === 'unreachable')) throw error;
    });
  }
  return acknowledged;
}

/** Fills a log almost to its first tile, so that a run writes all there is to write. */
async function begin(blobs: BlobStore): Promise<void> {
  const log = await openAuditLog({
    blobs,
    keys,
    clock,
    witnesses: [],
    count: 0,
    signer,
    segments: { open, seal: sealBy(signer) },
  });
  await log.append(Array.from({ length: ALMOST_A_TILE + 1 }, (_, i) => Buffer.from(`{"before":${i}}`)));
}

/** Whoever comes next finds everything that was acknowledged, proven. */
async function unproven(acknowledged: readonly Receipt[], blobs: BlobStore, transactions?: Transactions): Promise<Receipt[]> {
  const segments = { open, seal: sealBy(signer) };
  const options = { blobs, keys, clock, witnesses: [], count: 0, signer, segments };
  const log = await openAuditLog({ ...options, ...(transactions ? { transactions } : {}) });
  await log.append([testIntent('next')]);
  await log.sequence();
  const lost: Receipt[] = [];
  for (const receipt of acknowledged) if (!(await log.prove(receipt))) lost.push(receipt);
  return lost;
}

const FAULTS: WriteFault[] = ['failed', 'failed but persisted'];

describePeer('minio', `a log of ${PROCESSES} processes in a bucket`, () => {
  const server = s3Server('minio');
  beforeAll(() => {
    for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, undefined);
    for (const [name, value] of Object.entries(CREDENTIALS)) vi.stubEnv(name, value);
  });
  afterAll(() => vi.unstubAllEnvs());
  const optionsOf = (bucket: string) => ({ bucket, prefix: 'log', endpoint: server.endpoint, pathStyle: true });

  async function newPlace(before = ''): Promise<Place> {
    const options = optionsOf(await server.createBucket());
    const store = createS3Store(options);
    return {
      store,
      log: { pem, store: `await (async () => { ${before} return storage.createS3Store(${JSON.stringify(options)}); })()` },
      judge: (acknowledged, receipts) => judgeLog(store, pem, acknowledged, receipts),
    };
  }

  test('each killed between other writes than the rest: all that was acknowledged is where its receipt says', {
    timeout: 300_000,
  }, async () => {
    const place = await newPlace();
    await beginLog(place.store, pem, ALMOST_A_TILE);
    const all: Writer[] = [];
    for (const dieAfter of [false, true]) {
      for (let first = 0; ; first += PROCESSES) {
        const { ends, writers } = await waveOfDeaths(place, first, { rounds: 1, publishEvery: 1, dieAfter });
        all.push(...writers);
        if (ends.includes(0)) break;
      }
    }
    expect(await judgeAll(place, all)).toEqual([]);
  });

  test('killed at random: the same', { timeout: 300_000 }, async () => {
    const place = await newPlace();
    const writers = await killAtRandom(place, 2, 600, {});
    expect(await judgeAll(place, writers)).toEqual([]);
    expect(writers.flatMap(({ acknowledged }) => acknowledged).length).toBeGreaterThan(2 * PROCESSES);
  });

  test('has teeth: with the conditions taken out of its writes, the same test finds what is lost', {
    timeout: 300_000,
  }, async () => {
    const place = await newPlace(WITHOUT_CONDITIONS);
    expect((await untilWrong(place, { rounds: 4 })).join('\n')).toMatch(/lost|rolled back|damage|not at/);
  });

  test.each(FAULTS)(
    'a write that %s, whichever it is, loses nothing that was acknowledged',
    { timeout: 300_000 },
    async (fault) => {
      for (let failing = 0; ; failing++) {
        const inner = createS3Store({ ...optionsOf(await server.createBucket()), prefix: `${failing}` });
        await begin(inner);
        const blobs = createFaultyBlobStore(inner, (write) => (write === failing ? fault : undefined));
        const acknowledged = await tryAll(blobs);
        expect(await unproven(acknowledged, inner), `write ${failing}`).toEqual([]);
        if (blobs.writes() > failing) continue;
        expect(failing).toBeGreaterThan(8);
        expect(acknowledged).toHaveLength(4);
        return;
      }
    },
  );
});

/** What a store is that knows no conditions; one that finds it out by sending a write again is told that it did not win. */
const WITHOUT_CONDITIONS = `
  const { S3Client } = await import('@aws-sdk/client-s3');
  const send = S3Client.prototype.send;
  const sent = new Set();
  S3Client.prototype.send = function (command, ...rest) {
    const mark = command.input.Metadata?.['signwright-write'];
    if (sent.has(mark)) return Promise.reject(Object.assign(new Error(), { name: 'PreconditionFailed' }));
    if (mark !== undefined) sent.add(mark);
    delete command.input.IfMatch;
    delete command.input.IfNoneMatch;
    return send.call(this, command, ...rest);
  };`;

describe(`a log of ${PROCESSES} processes on a branch`, () => {
  const GIT = spawnSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).stdout.trim();
  let root: string;
  let server: GitServer;
  let made = 0;
  let name: string;
  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'signwright-log-git-'));
    vi.stubEnv('TMPDIR', root);
    vi.stubEnv('CI_JOB_TOKEN', 'job-secret');
    server = await startGitServer(root);
  });
  afterAll(async () => {
    await server.close();
    vi.unstubAllEnvs();
    // What killed processes had started may still be writing.
    await wait(300);
    rmSync(root, { recursive: true, maxRetries: 5 });
  });
  beforeEach(() => {
    name = `${made++}.git`;
    makeRepository(join(root, name));
  });

  function newPlace(): Place {
    const options = {
      url: `${server.origin}/${name}`,
      branch: 'log',
      tokenEnv: 'CI_JOB_TOKEN',
      tokenUser: 'gitlab-ci-token',
      deadline: 240_000,
    };
    const store = createGitStore({ url: `file://${join(root, name)}`, branch: 'log' });
    return {
      store,
      log: { pem, store: `storage.createGitStore(${JSON.stringify(options)})` },
      // As one transaction, for the log is read in hundreds of places.
      judge: (acknowledged, receipts) => store.transact((view) => judgeLog(view, pem, acknowledged, receipts)),
    };
  }

  test('each killed before or after one of its pushes: all that was acknowledged is where its receipt says', {
    timeout: 300_000,
  }, async () => {
    const place = newPlace();
    // Its intent, its result and what outsiders read are a push each; there is no fourth.
    const writers = Array.from({ length: PROCESSES }, (_, i) =>
      startWriter(place.log, { rounds: 1, publishEvery: 1, dieAt: i % 4, dieAfter: i >= PROCESSES / 2, inTransactions: true }),
    );
    expect(await judgeAll(place, writers)).toEqual([]);
    const ends = await Promise.all(writers.map(({ ended }) => ended));
    expect(ends.map(({ code }) => code)).toEqual(writers.map((_, i) => (i % 4 === 3 ? 0 : null)));
  });

  test('killed at random: the same', { timeout: 300_000 }, async () => {
    const place = newPlace();
    const writers = await killAtRandom(place, 1, 2000, { inTransactions: true });
    expect(await judgeAll(place, writers)).toEqual([]);
    expect(writers.flatMap(({ acknowledged }) => acknowledged).length).toBeGreaterThan(PROCESSES);
  });

  test('has teeth: with the condition taken out of its pushes, the same test finds what is lost', {
    timeout: 300_000,
  }, async () => {
    const forced = `for a; do case "$a" in --force-with-lease=*) a=--force;; esac; set -- "$@" "$a"; shift; done`;
    const bin = join(root, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'git'), `#!/bin/sh\n${forced}\nexec ${GIT} "$@"\n`, { mode: 0o755 });
    const place = newPlace();
    vi.stubEnv('PATH', `${bin}:${process.env['PATH']}`);
    const wrong = await untilWrong(place, { rounds: 3, inTransactions: true });
    vi.stubEnv('PATH', process.env['PATH']?.replace(`${bin}:`, ''));
    expect(wrong.join('\n')).toMatch(/lost|rolled back|damage|not at|rewritten/);
  });

  test.each(FAULTS)(
    'a push that %s, whichever it is, loses nothing that was acknowledged',
    { timeout: 300_000 },
    async (fault) => {
      for (let failing = 0; ; failing++) {
        name = `${fault.replaceAll(' ', '-')}-${failing}.git`;
        makeRepository(join(root, name));
        const store = createGitStore({ url: `file://${join(root, name)}`, branch: 'log' });
        await begin(store);
        let pushes = 0;
        const transact: Transactions['transact'] = async (work) => {
          const failed = pushes++ === failing;
          const unreachable = new SignwrightError('unreachable', `the server is down (push ${failing})`);
          if (failed && fault === 'failed') throw unreachable;
          const result = await store.transact(work);
          if (failed) throw unreachable;
          return result;
        };
        const acknowledged = await tryAll(store, { transact });
        expect(await unproven(acknowledged, store, store), `push ${failing}`).toEqual([]);
        if (pushes > failing) continue;
        expect(failing).toBeGreaterThan(3);
        expect(acknowledged).toHaveLength(4);
        return;
      }
    },
  );
});
