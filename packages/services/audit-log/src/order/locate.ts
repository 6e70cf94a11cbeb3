import { type BlobStore, type Json, parseStrictJson } from '@signwright/signing-core';
import { damaged } from '../damaged.ts';
import { GROUP_WIDTH, groupKey } from '../layout.ts';
import { writeGroup } from './apply.ts';
import type { Head } from './head.ts';
import { type Sequenced, sequencedIn, type Tail } from './tail.ts';

const MAX_GROUP = 64 * 1024;

/** Where an ordered segment's records are in the log. @throws SignwrightError `verification` where the log does not say it. */
export async function locateSegment(blobs: BlobStore, head: Head, segment: number): Promise<Sequenced> {
  const tail = segment >= head.tail.segment ? head.tail : await readGroup(blobs, Math.floor(segment / GROUP_WIDTH));
  for (const one of sequencedIn(tail)) if (one.segment === segment) return one;
  throw new RangeError(`segment ${segment} is not ordered yet`);
}

/** The account of a full group of segments. @throws SignwrightError `verification` where it is missing or none. */
export async function readGroup(blobs: BlobStore, group: number): Promise<Tail> {
  const key = groupKey(group);
  const blob = await blobs.get(key);
  if (!blob) throw damaged(key, 'it is missing');
  const { first, counts } = fieldsOf(blob.bytes);
  const sound = isCount(first) && Array.isArray(counts) && counts.length === GROUP_WIDTH && counts.every(isCount);
  if (!sound || Buffer.compare(writeGroup(first, counts), blob.bytes) !== 0) throw damaged(key, 'it is not as it was written');
  return { segment: group * GROUP_WIDTH, index: first, counts };
}

function fieldsOf(bytes: Uint8Array): { first?: Json; counts?: Json[] } {
  try {
    return (parseStrictJson(bytes, { what: 'the group', maxBytes: MAX_GROUP, maxDepth: 2 }) ?? {}) as {
      first?: Json;
      counts?: Json[];
    };
  } catch {
    return {};
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
