import { type BlobStore, leafHash, recordsIn, type Sha256, SignwrightError, sha256 } from '@signwright/signing-core';
import { ahead } from '../ahead.ts';
import type { Opened } from '../context.ts';
import { GROUP_WIDTH, groupKey, segmentKey } from '../layout.ts';
import type { Head } from '../order/head.ts';
import { readGroup } from '../order/locate.ts';
import type { Tail } from '../order/tail.ts';
import type { Findings } from './finding.ts';

/** A segment as the log ordered it, with what is in it now. */
export type AuditedSegment = {
  readonly segment: number;
  /** Index of its first record in the log. */
  readonly index: number;
  /** As it was ordered; 0: refused. */
  readonly count: number;
  readonly digest: Sha256 | undefined;
  /** `undefined` where they cannot be read. */
  readonly records: readonly Uint8Array[] | undefined;
  readonly leaves: readonly Buffer[] | undefined;
};

type Read = {
  readonly number: number;
  readonly digest?: Sha256;
  readonly opened?: Opened;
  readonly records?: readonly Uint8Array[];
};

const LANES = 4;

/**
 * Every ordered segment, in order, each opened again and compared with the account of it: the head's for the newest, a group's for
 * the others.
 *
 * @param refused takes the segments that were not taken, with their digests.
 */
export async function* auditedSegments(
  blobs: BlobStore,
  head: Head,
  open: (bytes: Uint8Array) => Promise<Opened>,
  findings: Findings,
  refused: Map<number, Sha256 | undefined>,
): AsyncGenerator<AuditedSegment> {
  let index = 0;
  let group: Tail | undefined;
  for await (const read of ahead(0, head.next, LANES, (number) => readSegment(blobs, number, open))) {
    const segment = read.number;
    if (segment % GROUP_WIDTH === 0) group = await accountOf(blobs, head, Math.floor(segment / GROUP_WIDTH), index, findings);
    const counted =
      segment >= head.tail.segment ? head.tail.counts[segment - head.tail.segment] : group?.counts[segment % GROUP_WIDTH];
    const count = counted ?? read.records?.length ?? 0;
    const grouped = group?.counts[segment % GROUP_WIDTH];
    if (grouped !== undefined && grouped !== count) {
      findings.damage(
        'order',
        groupKey(Math.floor(segment / GROUP_WIDTH)),
        `it counts ${grouped} records in segment ${segment}, the head ${count}`,
      );
    }
    if (count > 0) judge(read, count, findings);
    else refused.set(segment, read.digest);
    const whole = count > 0 && read.records?.length === count ? read.records : undefined;
    yield { segment, index, count, digest: read.digest, records: whole, leaves: whole?.map(leafHash) };
    index += count;
  }
  if (index !== head.size)
    findings.damage('order', 'sequenced', `the segments have ${index} records in all, the log ${head.size}`);
}

async function readSegment(blobs: BlobStore, number: number, open: (bytes: Uint8Array) => Promise<Opened>): Promise<Read> {
  const blob = await blobs.get(segmentKey(number));
  if (!blob) return { number };
  const opened = await open(blob.bytes);
  const records = 'refused' in opened ? unverified(blob.bytes) : opened.records;
  return { number, digest: sha256(blob.bytes), opened, ...(records ? { records } : {}) };
}

/** The records of a segment that does not verify, to tell whether it is its records that were changed. */
function unverified(bytes: Uint8Array): readonly Uint8Array[] | undefined {
  try {
    return recordsIn(bytes);
  } catch (error) {
    if (error instanceof SignwrightError) return undefined;
    throw error;
  }
}

function judge({ number, opened, records }: Read, count: number, findings: Findings): void {
  const key = segmentKey(number);
  if (!opened) {
    findings.damage('segment', key, `it is missing; the log has ${count} records of it`);
  } else if ('refused' in opened) {
    const known = opened.stranger === true && records?.length === count;
    if (known)
      findings.notice(
        'unknown-writer',
        key,
        `who signed it is not trusted any more, so only the log vouches for it: ${opened.refused}`,
      );
    else findings.damage('segment', key, `it was changed, or the key that signed it is not pinned any more: ${opened.refused}`);
  } else if (records?.length !== count) {
    findings.damage('order', key, `it has ${records?.length} records, and the log took ${count}`);
  }
}

/** The account of a full group, if it was written, held against where its records begin. */
async function accountOf(
  blobs: BlobStore,
  head: Head,
  group: number,
  index: number,
  findings: Findings,
): Promise<Tail | undefined> {
  const key = groupKey(group);
  const full = group < Math.floor(head.next / GROUP_WIDTH);
  // The groups that follow the head need not be written yet; what is there must be right.
  if (!full || (group >= head.groups && !(await blobs.get(key)))) return undefined;
  try {
    const account = await readGroup(blobs, group);
    if (account.index !== index)
      findings.damage('order', key, `it says that its records begin at ${account.index}; they begin at ${index}`);
    return account;
  } catch (error) {
    if (!(error instanceof SignwrightError) || error.code !== 'verification') throw error;
    findings.damage('order', key, error.message);
    return undefined;
  }
}
