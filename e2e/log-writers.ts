import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { openAuditLog, openLogReader, verifyLog } from '@signwright/audit-log';
import {
  type BlobStore,
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
  /** Dies by its own hand before this write, from 0. */
  readonly dieAt?: number;
  /** Has not the log key: only appends. */
  readonly withoutKey?: boolean;
  /** Takes the condition out of a write, as a store that does not know it would. */
  readonly blind?: 'putIfAbsent' | 'compareAndSwap';
};

/** A process that writes, and what it was told is durable. */
export type Writer = {
  readonly child: ChildProcess;
  readonly acknowledged: string[];
  readonly ended: Promise<{ code: number | null; said: string }>;
};

export function makeLogKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

const WRITER = `
  import * as storage from '@signwright/storage';
  import { createPrivateKey, createPublicKey } from 'node:crypto';
  import { openAuditLog, witnessLog } from '@signwright/audit-log';
  import { openSegment, sealSegment, verifierKeyOf } from '@signwright/signing-core';
  import { createFaultyBlobStore, memorySigner, testIntent, testResult } from '@signwright/testkit';

  const { pem, rounds, dieAt, withoutKey, blind } = JSON.parse(process.argv[1]);
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
  const blobs = createFaultyBlobStore(open, () => undefined, (write) => {
    if (write === dieAt) process.kill(process.pid, 'SIGKILL');
  });
  const segments = {
    seal: (records) => sealSegment(records, { signer }),
    open: (bytes) => openSegment(bytes, { logKeys: keys, trust: { root: undefined, keys: [] }, signers: [] }),
  };
  const log = await openAuditLog({ blobs, keys, witnesses: [], count: 0, segments, clock, ...(withoutKey ? {} : { signer }) });
  for (let round = 0; round < (rounds ?? Infinity); round++) {
    const name = process.pid + ' ' + Date.now() + ' ' + round;
    const intents = [testIntent(name), testIntent(name + ' more')];
    for (const records of [intents, [testResult(name, intents)]]) {
      for (const { record } of await log.append(records)) console.log(record);
    }
    if (round % 4 === 3) await log.publish();
  }
  console.log('end', blobs.writes());
`;

/** Starts one more process on the log. */
export function startWriter({ store, pem }: SharedLog, options: WriterOptions = {}): Writer {
  const source = WRITER.replace('STORE', () => store);
  const args = ['--conditions=source', '--input-type=module', '--eval', source, JSON.stringify({ pem, ...options })];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: import.meta.dirname });
  const acknowledged: string[] = [];
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4000);
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('sha256:')) acknowledged.push(line);
    else said += `${line}\n`;
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, said }));
  return { child, acknowledged, ended };
}

/** What became of a log that many wrote: what is wrong with it, in words; nothing where nothing is. */
export async function judgeLog(blobs: BlobStore, pem: string, acknowledged: readonly string[]): Promise<string[]> {
  const { createPrivateKey, createPublicKey } = await import('node:crypto');
  const privateKey = createPrivateKey(pem);
  const publicKey = createPublicKey(privateKey);
  const signer = memorySigner({ privateKey, publicKey });
  const keys = [verifierKeyOf('log.example/shared', publicKey, 'log')];
  const open = (bytes: Uint8Array) => openSegment(bytes, { logKeys: keys, trust: { root: undefined, keys: [] }, signers: [] });
  const segments = { seal: (records: readonly Uint8Array[]) => sealSegment(records, { signer }), open };
  const log = await openAuditLog({ blobs, keys, witnesses: [], count: 0, segments, signer, clock: { now: () => new Date() } });

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
  for (const [record, times] of found) if (times > 1) wrong.push(`${record} is in the log ${times} times`);
  return wrong;
}
