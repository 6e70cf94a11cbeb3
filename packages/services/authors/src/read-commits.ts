import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { SignwrightError } from '@signwright/signing-core';
import type { Git, ObjectFormat } from './run-git.ts';

/** A commit as it is stored: its id is the hash of these bytes. */
export type RawCommit = { readonly id: string; readonly bytes: Buffer };

/** Bytes of one commit at the most. */
const MAX_COMMIT = 4 * 1024 * 1024;

const MAX_LINE = 200;

/**
 * Reads commits by their ids, one a line, from `git cat-file --batch`. Each is hashed again: a repository that stores something else
 * under an id is found out.
 *
 * @throws SignwrightError `invalid-input` where one is not there, no commit, too large, or not what its id says.
 */
export async function* readCommits(git: Git, ids: Readable | readonly string[]): AsyncGenerator<RawCommit> {
  const source = ids instanceof Readable ? ids : Readable.from(ids.map((id) => `${id}\n`));
  const reading = git.start(['cat-file', '--batch', '--buffer']);
  // Where this pipe breaks, one of its ends has failed, and says so itself.
  pipeline(source, reading.stdin).catch(() => undefined);
  const from = byteReader(reading.stdout);
  try {
    for (;;) {
      const header = await from.line();
      if (header === undefined) break;
      yield await readOne(header, from, git.format);
    }
    await reading.ended;
  } finally {
    reading.stop();
  }
}

/** `<id> SP <type> SP <size> LF <contents> LF`, or `<id> SP missing LF` (git-cat-file(1), "Batch output"). */
async function readOne(header: string, from: ByteReader, format: ObjectFormat): Promise<RawCommit> {
  const [id = '', type = '', length = ''] = header.split(' ');
  if (type === 'missing') throw lacking(`the commit ${id} is not there`);
  if (type !== 'commit') throw wrong(`${id} is a ${type}, not a commit`);
  const size = Number(length);
  if (!(size <= MAX_COMMIT)) throw wrong(`the commit ${id} has ${length} bytes; at most ${MAX_COMMIT} are read`);
  const bytes = (await from.bytes(size + 1)).subarray(0, size);
  const hash = createHash(format).update(`commit ${size}\0`).update(bytes).digest('hex');
  if (hash !== id) throw wrong(`what the repository stores as ${id} is another object`);
  return { id, bytes };
}

type ByteReader = {
  /** Without its end; `undefined` where nothing follows. */
  line(): Promise<string | undefined>;
  bytes(count: number): Promise<Buffer>;
};

function byteReader(stream: AsyncIterable<Buffer>): ByteReader {
  const chunks = stream[Symbol.asyncIterator]();
  let held: Buffer = Buffer.alloc(0);
  const more = async (): Promise<boolean> => {
    // A stream that breaks is a git that failed, and says so itself.
    const next = await chunks.next().catch(() => ({ done: true, value: undefined }) as const);
    if (next.done) return false;
    held = held.length === 0 ? next.value : Buffer.concat([held, next.value]);
    return true;
  };
  const take = (count: number): Buffer => {
    const taken = held.subarray(0, count);
    held = held.subarray(count);
    return taken;
  };
  return {
    async line() {
      let end = held.indexOf(0x0a);
      while (end < 0 && held.length <= MAX_LINE && (await more())) end = held.indexOf(0x0a);
      if (end < 0 && held.length === 0) return undefined;
      if (end < 0) throw wrong('git answered with what is no line');
      return take(end + 1).toString('latin1', 0, end);
    },
    async bytes(count) {
      while (held.length < count) if (!(await more())) throw wrong('git stopped in the middle of a commit');
      return take(count);
    },
  };
}

function lacking(message: string): SignwrightError {
  return new SignwrightError('invalid-input', message, {
    next: 'fetch the whole history of the repository: a shallow or partial clone lacks commits',
  });
}

function wrong(message: string): SignwrightError {
  return new SignwrightError('invalid-input', message, { next: 'run "git fsck" on the repository, or clone it anew' });
}
