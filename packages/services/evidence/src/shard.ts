import { randomInt } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { BlobStore, Sha256 } from '@signwright/signing-core';
import { hexOf, SignwrightError } from '@signwright/signing-core';

/** One shard of the index: the evidence listed under each subject whose digest begins with the shard's byte. */
export type Shard = ReadonlyMap<Sha256, readonly Sha256[]>;

const SWAP_TRIES = 40;
const LONGEST_WAIT_MS = 200;
const LINE = /^[0-9a-f]{64} [0-9a-f]{64}$/;

/** The key of the shard that lists a subject. */
export function shardKey(subject: Sha256): string {
  return `index/${hexOf(subject).slice(0, 2)}`;
}

/** Reads a shard; throws `unreachable` where it is not what addToShard writes. */
export async function readShard(blobs: BlobStore, key: string): Promise<Shard> {
  const blob = await blobs.get(key);
  const shard = new Map<Sha256, Sha256[]>();
  if (blob === undefined) return shard;
  for (const line of parseLines(key, blob.bytes)) {
    const [subject, id] = [`sha256:${line.slice(0, 64)}`, `sha256:${line.slice(65)}`] as const;
    const ids = shard.get(subject);
    if (ids === undefined) shard.set(subject, [id]);
    else ids.push(id);
  }
  return shard;
}

/** Lists the evidence under each of the shard's subjects, beside what is listed there; writes nothing where it is. */
export async function addToShard(blobs: BlobStore, key: string, subjects: ReadonlySet<Sha256>, id: Sha256): Promise<void> {
  const wanted = Array.from(subjects, (subject) => `${hexOf(subject)} ${hexOf(id)}`);
  for (let tries = 1; tries <= SWAP_TRIES; tries++) {
    const blob = await blobs.get(key);
    const present = new Set(blob === undefined ? [] : parseLines(key, blob.bytes));
    const missing = wanted.filter((line) => !present.has(line));
    if (missing.length === 0) return;
    const lines = [...present, ...missing].sort();
    const bytes = Buffer.from(`${lines.join('\n')}\n`, 'latin1');
    if ((await blobs.compareAndSwap(key, blob?.version, bytes)) !== undefined) return;
    await wait(randomInt(Math.min(2 ** tries, LONGEST_WAIT_MS)));
  }
  throw new SignwrightError('unreachable', `the evidence index ${key} was changed by others ${SWAP_TRIES} times in a row`, {
    where: key,
    next: 'run again when fewer jobs write to the evidence store',
  });
}

/** The lines `SUBJECT EVIDENCE`, in hex, sorted, each once, each ended by a newline. */
function parseLines(key: string, bytes: Uint8Array): string[] {
  const lines = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1').split('\n');
  const prefix = key.slice('index/'.length);
  if (lines.pop() !== '') throw malformed(key, lines.length + 1);
  let previous = '';
  for (const [index, line] of lines.entries()) {
    if (line <= previous || !line.startsWith(prefix) || !LINE.test(line)) throw malformed(key, index + 1);
    previous = line;
  }
  return lines;
}

function malformed(key: string, line: number): SignwrightError {
  return new SignwrightError('unreachable', `the evidence index ${key} is damaged at line ${line}`, {
    where: key,
    next: 'restore the evidence store from a copy; what it says cannot be told',
  });
}
