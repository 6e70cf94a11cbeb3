import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import type { Socket } from 'node:net';
import { SignwrightError } from '@signwright/signing-core';
import { MAX_BLOB } from '../check-blob.ts';
import { killGroup, tooLate } from './run-git.ts';

export type GitObject = { readonly id: string; readonly type: string; readonly bytes: Buffer };
/** Reads an object by its id (or `COMMIT^{tree}`); `undefined` where this machine has none. */
export type ReadObject = (name: string) => Promise<GitObject | undefined>;

type Asked = { resolve(object: GitObject | undefined): void; reject(error: unknown): void };
type Arriving = { readonly id: string; readonly type: string; readonly bytes: Buffer; filled: number };

const HEADER = /^([0-9a-f]{40}) ([a-z]+) (\d{1,15})$/;
const MAX_HEADER = 2048;

/**
 * Reads objects through one `git cat-file --batch`, started when first needed and again when it has ended. What has more than
 * 64 MiB is refused. It keeps this process alive only while an answer is awaited, and ends with it.
 */
export function createObjectReader(start: () => ChildProcessWithoutNullStreams, deadline: number): ReadObject {
  let batch: { ask(name: string): Promise<GitObject | undefined>; readonly ended: boolean } | undefined;
  return (name) => {
    if (batch === undefined || batch.ended) batch = startBatch(start(), deadline);
    return batch.ask(name);
  };
}

function startBatch(child: ChildProcessWithoutNullStreams, deadline: number): ReturnType<typeof talk> {
  const talking = talk(child, deadline);
  child.stdout.on('data', talking.hear);
  child.stderr.resume();
  child.on('error', (cause) => talking.end(`git cannot be started: ${cause.message}`));
  child.on('close', () => talking.end('git cat-file ended'));
  keepAlive(child, false);
  return talking;
}

function talk(child: ChildProcessWithoutNullStreams, deadline: number) {
  const asked: Asked[] = [];
  let header = '';
  let arriving: Arriving | undefined;
  let ended = false;
  let timer: NodeJS.Timeout | undefined;

  function answer(give: (asked: Asked) => void): void {
    const first = asked.shift();
    clearTimeout(timer);
    timer = undefined;
    if (asked.length > 0) expectAnswer();
    else keepAlive(child, false);
    if (first !== undefined) give(first);
  }

  function expectAnswer(): void {
    timer = setTimeout(() => fail(tooLate()), deadline);
  }

  function fail(error: SignwrightError): void {
    ended = true;
    killGroup(child);
    clearTimeout(timer);
    for (const { reject } of asked.splice(0)) reject(error);
  }

  function begin(line: string): void {
    const [, id, type, size] = HEADER.exec(line) ?? [];
    if (line.endsWith(' missing')) answer(({ resolve }) => resolve(undefined));
    else if (id === undefined || type === undefined) fail(unreadable(`it said ${JSON.stringify(line.slice(0, 200))}`));
    else if (Number(size) > MAX_BLOB) fail(unreadable(`the ${type} ${id} has ${size} bytes, more than ${MAX_BLOB}`));
    else arriving = { id, type, bytes: Buffer.allocUnsafeSlow(Number(size) + 1), filled: 0 };
  }

  function fill(object: Arriving, chunk: Buffer): Buffer {
    const taken = chunk.copy(object.bytes, object.filled);
    object.filled += taken;
    if (object.filled === object.bytes.length) {
      arriving = undefined;
      const { id, type, bytes } = object;
      answer(({ resolve }) => resolve({ id, type, bytes: bytes.subarray(0, -1) }));
    }
    return chunk.subarray(taken);
  }

  function readHeader(chunk: Buffer): Buffer {
    const end = chunk.indexOf(0x0a);
    header += chunk.toString('latin1', 0, end < 0 ? chunk.length : end);
    if (header.length > MAX_HEADER) fail(unreadable('its answer is too long'));
    if (end < 0) return chunk.subarray(chunk.length);
    const line = header;
    header = '';
    begin(line);
    return chunk.subarray(end + 1);
  }

  return {
    get ended(): boolean {
      return ended;
    },
    ask(name: string): Promise<GitObject | undefined> {
      return new Promise((resolve, reject) => {
        asked.push({ resolve, reject });
        if (asked.length === 1) {
          keepAlive(child, true);
          expectAnswer();
        }
        child.stdin.write(`${name}\n`);
      });
    },
    hear(chunk: Buffer): void {
      for (let rest = chunk; rest.length > 0; ) {
        if (ended) return;
        rest = arriving === undefined ? readHeader(rest) : fill(arriving, rest);
      }
    },
    end(why: string): void {
      if (!ended) fail(unreadable(why));
    },
  };
}

/** Whether a process that has nothing else to do waits for the child. */
function keepAlive(child: ChildProcessWithoutNullStreams, alive: boolean): void {
  const call = alive ? 'ref' : 'unref';
  child[call]();
  for (const stream of [child.stdin, child.stdout, child.stderr]) (stream as unknown as Socket)[call]();
}

function unreadable(problem: string): SignwrightError {
  return new SignwrightError('unreachable', `the copy of the git branch cannot be read: ${problem}`, {
    next: 'run again; if it stays, remove the cache',
  });
}
