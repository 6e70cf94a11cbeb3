import { randomInt } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { type BlobStore, SignwrightError, type Version } from '@signwright/signing-core';
import { prefixOf } from './layout.ts';

/** How the lines of a shard are written: what each is, and how many of its first characters no other line has. */
export type LineFormat = { readonly line: RegExp; readonly unique: number };

const SWAP_TRIES = 40;
const LONGEST_WAIT_MS = 200;

/** Reads a shard's lines; none where there is no such shard. Throws `unreachable` where it is not what {@link changeLines} writes. */
export async function readLines(blobs: BlobStore, key: string, format: LineFormat): Promise<string[]> {
  return (await readShard(blobs, key, format)).lines;
}

/**
 * Swaps a shard for what `change` makes of its lines, again where another was first.
 *
 * @param change gives the new lines, in any order, or `undefined` where nothing is to be written.
 */
export async function changeLines(
  blobs: BlobStore,
  key: string,
  format: LineFormat,
  change: (lines: readonly string[]) => readonly string[] | undefined,
): Promise<void> {
  for (let tries = 1; tries <= SWAP_TRIES; tries++) {
    const { lines, version } = await readShard(blobs, key, format);
    const changed = change(lines);
    if (changed === undefined) return;
    const text = [...changed].sort().map((line) => `${line}\n`);
    if ((await blobs.compareAndSwap(key, version, Buffer.from(text.join(''), 'latin1'))) !== undefined) return;
    await wait(randomInt(Math.min(2 ** tries, LONGEST_WAIT_MS)));
  }
  throw new SignwrightError('unreachable', `the evidence index ${key} was changed by others ${SWAP_TRIES} times in a row`, {
    where: key,
    next: 'run again when fewer jobs write to the evidence store',
  });
}

type Shard = { readonly lines: string[]; readonly version: Version | undefined };

/** Sorted lines, each once, each ended by a newline. */
async function readShard(blobs: BlobStore, key: string, format: LineFormat): Promise<Shard> {
  const blob = await blobs.get(key);
  if (blob === undefined) return { lines: [], version: undefined };
  const { bytes, version } = blob;
  const lines = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1').split('\n');
  if (lines.pop() !== '') throw damaged(key, lines.length + 1);
  let previous = '';
  for (const [index, line] of lines.entries()) {
    const unique = line.slice(0, format.unique);
    if (unique <= previous || !line.startsWith(prefixOf(key)) || !format.line.test(line)) throw damaged(key, index + 1);
    previous = unique;
  }
  return { lines, version };
}

function damaged(key: string, line: number): SignwrightError {
  return new SignwrightError('unreachable', `the evidence index ${key} is damaged at line ${line}`, {
    where: key,
    next: 'restore the evidence store from a copy; what it says cannot be told',
  });
}
