import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Ask } from './log-appender.ts';
import { median, type Row } from './measure.ts';
import { tesseraRate } from './tessera.ts';

const WRITERS = 256;
const LEAF = 1024;
const MILLISECONDS = 6_000;
const ROUNDS = 5;
const APPENDER = fileURLToPath(new URL('log-appender.ts', import.meta.url));

const OURS: readonly { readonly what: string; readonly processes: number; readonly records: Ask['records'] }[] = [
  { what: 'leaves of 1 KiB, by one process', processes: 1, records: LEAF },
  { what: 'leaves of 1 KiB, by 8 processes', processes: 8, records: LEAF },
  { what: 'intents and results, by one process', processes: 1, records: 'intents and results' },
];

/**
 * Durable appends by 256 writers to a log in a directory, until all is in order, against Tessera's POSIX personality under its own
 * hammer on the same disk.
 */
export async function logAppends(): Promise<Row[]> {
  const theirs: number[] = [];
  const ours = OURS.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round++) {
    theirs.push(await tesseraRate(WRITERS, LEAF, MILLISECONDS));
    for (const [i, { processes, records }] of OURS.entries()) ours[i]?.push(await ourRate(processes, records));
  }
  const rate = (rates: readonly number[]): string => `${Math.round(median(rates))}/s`;
  return OURS.map(({ what }, i) => ({
    what: `1,000 appends: ${what}: ${rate(ours[i] ?? [])}`,
    ours: 1_000_000 / median(ours[i] ?? []),
    theirs: 1_000_000 / median(theirs),
    against: `Tessera POSIX ${rate(theirs)}`,
    goal: { atMost: 1 },
  }));
}

/** @returns appends a second, with the time it takes until the last one is in order. */
async function ourRate(processes: number, records: Ask['records']): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'signwright-bench-'));
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const ask: Ask = { directory, pem, writers: WRITERS / processes, milliseconds: MILLISECONDS, records };
  const appenders = Array.from({ length: processes }, () => startAppender(ask));
  try {
    for (const { next } of appenders) await next();
    const began = performance.now();
    for (const { child } of appenders) child.stdin.end('go\n');
    const counts = await Promise.all(appenders.map(async ({ next }) => Number(await next())));
    return (counts.reduce((sum, count) => sum + count, 0) / (performance.now() - began)) * 1000;
  } finally {
    for (const { child } of appenders) {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }
    rmSync(directory, { recursive: true });
  }
}

function startAppender(ask: Ask) {
  const child = spawn(process.execPath, [APPENDER], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.write(`${JSON.stringify(ask)}\n`);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  async function next(): Promise<string> {
    const { value, done } = await lines.next();
    if (done) throw new Error('a process of the benchmark ended');
    return value;
  }
  return { child, next };
}
