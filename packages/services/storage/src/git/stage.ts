import { createHash } from 'node:crypto';
import type { Blob, BlobStore, Version } from '@signwright/signing-core';
import { SignwrightError } from '@signwright/signing-core';
import { checkKey, checkSize } from '../check-blob.ts';
import { inTheWay, markOf, type Snapshot, versionOf } from './snapshot.ts';

type Staged = { readonly bytes: Uint8Array; readonly version: Version };
/** What is to be in the next commit: bytes by path. */
export type Changes = ReadonlyMap<string, Uint8Array>;
/** How a piece of work ended: returns what it returned, or throws what it threw. */
export type Worked = { result(): unknown };
/** Writes on a snapshot that are not committed yet. */
export type Stage = {
  /** Runs work on all that was staged before; where it throws, none of its writes stays. */
  run(work: (blobs: BlobStore) => Promise<unknown>): Promise<Worked>;
  changes(): Changes;
};

/** Bytes of one commit, at the most. */
const MAX_CHANGES = 256 * 1024 * 1024;

/** @param write names the commit that is made of it, in the marks of what is swapped. */
export function createStage(snapshot: Snapshot, write: string, where: string): Stage {
  const staged = new Map<string, Staged>();
  const changes = new Map<string, Uint8Array>();
  let swaps = 0;

  return {
    changes: () => changes,
    async run(work: (blobs: BlobStore) => Promise<unknown>): Promise<Worked> {
      const layer = createLayer(snapshot, staged, () => `${write} ${++swaps}\n`);
      try {
        const value = await work(layer.blobs);
        const wrote = layer.close();
        checkTogether(wrote);
        for (const [key, entry] of wrote.staged) staged.set(key, entry);
        for (const [path, bytes] of wrote.changes) changes.set(path, bytes);
        return { result: () => value };
      } catch (error) {
        layer.close();
        const result = (): never => {
          throw error;
        };
        return { result };
      }
    },
  };

  /** What one commit cannot have: too much, or a file where another's directory is. */
  function checkTogether(wrote: { staged: Map<string, Staged>; changes: Changes }): void {
    const all = new Map([...changes, ...wrote.changes]);
    let size = 0;
    for (const bytes of all.values()) size += bytes.length;
    if (size > MAX_CHANGES) {
      throw new SignwrightError('invalid-input', `one commit of ${size} bytes, more than ${MAX_CHANGES}`, {
        next: 'store less at once',
      });
    }
    const keys = [...staged.keys(), ...wrote.staged.keys()];
    const directories = new Set(keys.flatMap(directoriesOf));
    for (const key of keys) if (directories.has(key)) throw inTheWay(key, where);
  }
}

type Layer = { blobs: BlobStore; close(): { staged: Map<string, Staged>; changes: Map<string, Uint8Array> } };

function createLayer(snapshot: Snapshot, below: ReadonlyMap<string, Staged>, nextMark: () => string): Layer {
  const staged = new Map<string, Staged>();
  const changes = new Map<string, Uint8Array>();
  let closed = false;

  function stage(key: string, bytes: Uint8Array, mark?: string): Version {
    if (closed) throw new Error('a transaction was written to after its work had ended');
    const kept = Uint8Array.from(bytes);
    const version = versionOf(blobId(kept), mark === undefined ? undefined : blobId(Buffer.from(mark)));
    staged.set(key, { bytes: kept, version });
    changes.set(key, kept);
    if (mark !== undefined) changes.set(markOf(key), Buffer.from(mark));
    return version;
  }

  /** What the key is in the commit; what is staged is looked at after the last `await`, for calls may run at once. */
  async function prepare(key: string, bytes: Uint8Array): Promise<{ version: Version } | undefined> {
    checkKey(key);
    checkSize(key, bytes);
    await snapshot.checkPlace(key);
    return snapshot.find(key);
  }

  const stagedAt = (key: string): Staged | undefined => staged.get(key) ?? below.get(key);

  const blobs: BlobStore = {
    async putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean> {
      const found = await prepare(key, bytes);
      if ((stagedAt(key) ?? found) !== undefined) return false;
      stage(key, bytes);
      return true;
    },
    async compareAndSwap(key: string, expected: Version | undefined, bytes: Uint8Array): Promise<Version | undefined> {
      const found = await prepare(key, bytes);
      if ((stagedAt(key) ?? found)?.version !== expected) return undefined;
      return stage(key, bytes, nextMark());
    },
    async get(key: string): Promise<Blob | undefined> {
      checkKey(key);
      const found = await snapshot.find(key);
      const entry = stagedAt(key);
      if (entry !== undefined) return { bytes: Uint8Array.from(entry.bytes), version: entry.version };
      return found && { bytes: await snapshot.read(key, found), version: found.version };
    },
  };

  return {
    blobs,
    close() {
      closed = true;
      return { staged, changes };
    },
  };
}

function directoriesOf(key: string): string[] {
  const parts = key.split('/');
  return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join('/'));
}

/** The id git gives to a blob (gitformat-pack(5)): SHA-1 names it here, and nothing is trusted for it. */
function blobId(bytes: Uint8Array): string {
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}
