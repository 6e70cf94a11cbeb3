import { type ChildProcess, spawn } from 'node:child_process';
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openAuditLog, openLogReader, verifyLog } from '@signwright/audit-log';
import {
  type BlobStore,
  isSha256,
  openSegment,
  type Receipt,
  sealSegment,
  sha256,
  verifierKeyOf,
  verifyRecordProof,
} from '@signwright/signing-core';
import { memorySigner, testIntent, testWitness } from '@signwright/testkit';

// Processes that write one log, each as a job does, and what is to be said of the log afterwards.

/** One log: its key, and how every process opens its store. */
export type SharedLog = {
  /** Source of an expression that gives the BlobStore, in a module where `storage` is @signwright/storage. */
  readonly store: string;
  /** The log's private key, PKCS#8 in PEM: made for the test. */
  readonly pem: string;
};

/** What a writer does beside the ordinary. */
export type WriterOptions = {
  /** How often it appends an intent and its result; for ever, unless told. */
  readonly rounds?: number;
  /** Dies by its own hand before this write, from 0; where the store has transactions, each is a write. */
  readonly dieAt?: number;
  /** Dies when that write has taken effect, but before it hears of it. */
  readonly dieAfter?: boolean;
  /** Publishes after every so many rounds; 4. */
  readonly publishEvery?: number;
  /** Writes in the store's transactions. */
  readonly inTransactions?: boolean;
  /** Has not the log key: only appends. */
  readonly withoutKey?: boolean;
  /** Takes the condition out of a write, as a store that does not know it would. */
  readonly blind?: 'putIfAbsent' | 'compareAndSwap';
};

/** A process that writes, and what it was told is durable. */
export type Writer = {
  readonly child: ChildProcess;
  readonly acknowledged: string[];
  /** Where it was told that these are. */
  readonly receipts: Receipt[];
  readonly ended: Promise<{ code: number | null; said: string }>;
};

export function makeLogKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

const ORIGIN = 'log.example/shared';

const WRITER = `
  import * as storage from '@signwright/storage';
  import { createPrivateKey, createPublicKey } from 'node:crypto';
  import { flushCompileCache } from 'node:module';
  import { openAuditLog, witnessLog } from '@signwright/audit-log';
  import { openSegment, sealSegment, verifierKeyOf } from '@signwright/signing-core';
  import { memorySigner, testIntent, testResult } from '@signwright/testkit';

  const { pem, rounds, publishEvery = 4, dieAt, dieAfter, inTransactions, withoutKey, blind } = JSON.parse(process.argv[1]);
  const privateKey = createPrivateKey(pem);
  const publicKey = createPublicKey(privateKey);
  const signer = memorySigner({ privateKey, publicKey });
  const keys = [verifierKeyOf('log.example/shared', publicKey, 'log')];
  const clock = { now: () => new Date() };

  const inner = STORE;
  // As a store does that does not know the condition: whoever writes is told that it did.
  const blinded = {
    putIfAbsent: { putIfAbsent: async (key, bytes) => (await inner.putIfAbsent(key, bytes), true) },
    compareAndSwap: {
      async compareAndSwap(key, _, bytes) {
        for (;;) {
          const version = await inner.compareAndSwap(key, (await inner.get(key))?.version, bytes);
          if (version !== undefined) return version;
        }
      },
    },
  };
  const open = { ...inner, ...blinded[blind] };
  let writes = 0;
  const dies = (write, after) => {
    if (write === dieAt && after === (dieAfter ?? false)) process.kill(process.pid, 'SIGKILL');
  };
  const counted = (write) => async (...args) => {
    const number = writes++;
    dies(number, false);
    const result = await write(...args);
    dies(number, true);
    return result;
  };
  const blobs = inTransactions ? open : { ...open, putIfAbsent: counted(open.putIfAbsent), compareAndSwap: counted(open.compareAndSwap) };
  const transactions = inTransactions && {
    async transact(work) {
      const number = writes++;
      const result = await inner.transact(async (view) => {
        const result = await work(view);
        // All is ready to be pushed.
        dies(number, false);
        return result;
      });
      dies(number, true);
      return result;
    },
  };
  const segments = {
    seal: (records) => sealSegment(records, { signer }),
    open: (bytes) => openSegment(bytes, { logKeys: keys, trust: { root: undefined, keys: [] }, signers: [] }),
  };
  const log = await openAuditLog({ blobs, keys, witnesses: [], count: 0, segments, clock, ...(withoutKey ? {} : { signer }), ...(transactions && { transactions }) });
  for (let round = 0; round < (rounds ?? Infinity); round++) {
    const name = process.pid + ' ' + Date.now() + ' ' + round;
    const intents = [testIntent(name), testIntent(name + ' more')];
    for (const records of [intents, [testResult(name, intents)]]) {
      for (const { record, segment, place } of await log.append(records)) console.log(record, segment, place);
    }
    if (round % publishEvery === publishEvery - 1) await log.publish();
    if (round === 0) flushCompileCache();
  }
  console.log('end', writes);
`;

/** What the writers are compiled to, so that not each of them, of which there are hundreds, does it again. */
const COMPILED = mkdtempSync(join(tmpdir(), 'signwright-compiled-'));
process.on('exit', () => rmSync(COMPILED, { recursive: true, force: true }));

/** Starts one more process on the log. */
export function startWriter({ store, pem }: SharedLog, options: WriterOptions = {}): Writer {
  const source = WRITER.replace('STORE', () => store);
  const args = ['--conditions=source', '--input-type=module', '--eval', source, JSON.stringify({ pem, ...options })];
  const env = { ...process.env, NODE_COMPILE_CACHE: COMPILED };
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: import.meta.dirname, env });
  const acknowledged: string[] = [];
  const receipts: Receipt[] = [];
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4000);
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [record = '', segment, place] = line.split(' ');
    if (isSha256(record)) {
      acknowledged.push(record);
      receipts.push({ origin: ORIGIN, record, segment: Number(segment), place: Number(place) });
    } else said += `${line}\n`;
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, said }));
  return { child, acknowledged, receipts, ended };
}

/** The log on a store, opened with its key. */
async function openShared(blobs: BlobStore, pem: string) {
  const privateKey = createPrivateKey(pem);
  const publicKey = createPublicKey(privateKey);
  const signer = memorySigner({ privateKey, publicKey });
  const keys = [verifierKeyOf(ORIGIN, publicKey, 'log')];
  const open = (bytes: Uint8Array) => openSegment(bytes, { logKeys: keys, trust: { root: undefined, keys: [] }, signers: [] });
  const segments = { seal: (records: readonly Uint8Array[]) => sealSegment(records, { signer }), open };
  const clock = { now: () => new Date() };
  return { keys, open, log: await openAuditLog({ blobs, keys, witnesses: [], count: 0, segments, signer, clock }) };
}

/** Begins a log with so many records. */
export async function beginLog(blobs: BlobStore, pem: string, count: number): Promise<void> {
  const { log } = await openShared(blobs, pem);
  await log.append(Array.from({ length: count }, (_, i) => Buffer.from(`{"before":${i}}`)));
}

/**
 * What became of a log that many wrote: what is wrong with it, in words; nothing where nothing is.
 *
 * @param receipts those whose places are looked at too.
 */
export async function judgeLog(
  blobs: BlobStore,
  pem: string,
  acknowledged: readonly string[],
  receipts: readonly Receipt[] = [],
): Promise<string[]> {
  const { keys, open, log } = await openShared(blobs, pem);

  // The log goes on, by whoever comes next.
  const [receipt] = (await log.append([testIntent(`afterwards ${Date.now()}`)])) as [Receipt];
  await log.sequence();
  await log.publish();
  const wrong: string[] = [];
  const proof = await log.prove(receipt);
  if (!proof || verifyRecordProof(proof, { keys, witnesses: [], count: 0 }).status !== 'proven')
    wrong.push('what is appended is not proven');
  const { findings } = await verifyLog({ blobs, keys, open, witnesses: [testWitness('nobody').key] });
  wrong.push(...findings.filter(({ severity }) => severity === 'damage').map(({ place, message }) => `${place}: ${message}`));

  const reader = await openLogReader({ blobs, keys });
  const found = new Map<string, number>();
  for await (const { bytes } of reader.records(0, reader.size)) found.set(sha256(bytes), (found.get(sha256(bytes)) ?? 0) + 1);
  for (const record of acknowledged) if (!found.has(record)) wrong.push(`${record} was acknowledged, and is lost`);
  for (const one of receipts) {
    const proof = await log.prove(one);
    const proven = proof && verifyRecordProof(proof, { keys, witnesses: [], count: 0 });
    if (proven?.record.id !== one.record) wrong.push(`${one.record} is not at ${one.segment}/${one.place}, as its receipt says`);
  }
  for (const [record, times] of found) if (times > 1) wrong.push(`${record} is in the log ${times} times`);
  return wrong;
}
