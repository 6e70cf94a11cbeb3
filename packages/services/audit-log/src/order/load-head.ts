import { type BlobStore, type LogKey, openCheckpoint, type Version } from '@signwright/signing-core';
import type { ReadAt } from '../context.ts';
import { damaged } from '../damaged.ts';
import { CHECKPOINT, HEAD } from '../layout.ts';
import { EMPTY_HEAD, type Head, readHead } from './head.ts';

/** The head, and the version that a swap replaces. */
export type Loaded = { readonly head: Head; readonly version: Version | undefined };

const ROLLED_BACK =
  'somebody put an older copy back: restore the newest one; if it is lost, keep this one as evidence and start a log of another name';

/**
 * Reads and verifies the head.
 *
 * @param seen what this process saw last; without it, the head is held against the published checkpoint. @param at as
 * {@link readHead} has it.
 * @throws SignwrightError `verification` where it is not signed by the log, contradicts itself, or is older than what was seen.
 */
export async function loadHead(blobs: BlobStore, keys: readonly LogKey[], seen?: Loaded, at?: ReadAt): Promise<Loaded> {
  const loaded = await newestHead(blobs, keys, seen, at);
  if (seen) {
    checkProgress(seen.head, loaded.head, 'this process saw');
    return loaded;
  }
  const published = await blobs.get(CHECKPOINT);
  if (!published) return loaded;
  const checkpoint = openCheckpoint(published.bytes, keys, CHECKPOINT);
  // Whoever published it may have ordered more since the head was read.
  const newest = checkpoint.size > loaded.head.size ? await newestHead(blobs, keys, undefined, at) : loaded;
  checkProgress(checkpoint, newest.head, 'the published checkpoint has');
  return newest;
}

/** Reads and verifies the head by itself. @param seen a version that was verified already. */
export async function newestHead(blobs: BlobStore, keys: readonly LogKey[], seen?: Loaded, at?: ReadAt): Promise<Loaded> {
  const blob = await blobs.get(HEAD);
  if (blob && blob.version === seen?.version) return seen;
  return blob ? { head: await readHead(blob.bytes, keys, at), version: blob.version } : { head: EMPTY_HEAD, version: undefined };
}

/** What a head is compared with. */
type Seen = { readonly size: number; readonly root: Buffer; readonly next?: number };

function checkProgress(seen: Seen, { size, root, next }: Head, who: string): void {
  if (size < seen.size || next < (seen.next ?? 0)) {
    throw damaged(HEAD, `it was rolled back to ${size} records in ${next} segments; ${who} ${seen.size}`, ROLLED_BACK);
  }
  if (size === seen.size && !root.equals(seen.root)) {
    throw damaged(HEAD, `it has another root than ${who} for the same ${size} records: this is another log`, ROLLED_BACK);
  }
}
