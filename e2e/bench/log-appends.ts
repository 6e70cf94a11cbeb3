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

type Load = { readonly processes: number; readonly records: Ask['records'] };
const LEAVES: Load = { processes: 1, records: LEAF };
const LEAVES_BY_8: Load = { processes: 8, records: LEAF };
const REQUESTS: Load = { processes: 1, records: 'intents and results' };

/**
 * Durable appends by 256 writers to a log in a directory, until all is in order, against Tessera's POSIX personality under its own
 * hammer on the same disk, in one process and in eight that share the directory.
 */
export async function logAppends(): Promise<Row[]> {
  const [one, eight, ours, oursBy8, requests] = await rates(
    () => tesseraRate(WRITERS, LEAF, MILLISECONDS, 1),
    () => tesseraRate(WRITERS, LEAF, MILLISECONDS, 8),
    () => ourRate(LEAVES),
    () => ourRate(LEAVES_BY_8),
    () => ourRate(REQUESTS),
  );
  return [
    row('leaves of 1 KiB, by one process', ours, 'Tessera POSIX', one, 1),
    row('leaves of 1 KiB, by 8 processes', oursBy8, '8 Tessera POSIX', eight, 1),
    row('leaves of 1 KiB, by 8 processes', oursBy8, 'one Tessera POSIX', one),
    row('intents and results, by one process', requests, 'Tessera POSIX, leaves', one),
  ];
}

type Measure = () => Promise<number>;

/** The median of each, taken in turns. */
async function rates<T extends Measure[]>(...loads: T): Promise<{ [i in keyof T]: number }> {
  const taken = loads.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round++) for (const [i, load] of loads.entries()) taken[i]?.push(await load());
  return taken.map(median) as { [i in keyof T]: number };
}

/** What 1,000 appends take. */
function row(what: string, ours: number, against: string, theirs: number, atMost?: number): Row {
  return {
    what: `1,000 durable appends: ${what}, ${Math.round(ours)}/s`,
    ours: 1_000_000 / ours,
    theirs: 1_000_000 / theirs,
    against: `${against}, ${Math.round(theirs)}/s`,
    ...(atMost === undefined ? {} : { goal: { atMost } }),
  };
}

/** @returns appends a second, with the time it takes until the last one is in order. */
async function ourRate({ processes, records }: Load): Promise<number> {
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
