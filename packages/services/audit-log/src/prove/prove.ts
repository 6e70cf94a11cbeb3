import {
  type BlobStore,
  inclusionProof,
  leafHash,
  type OpenedCheckpoint,
  openCheckpoint,
  type Receipt,
  SignwrightError,
  sha256,
  type VerifierKey,
  verifyInclusion,
  writeNote,
  writeTlogProof,
} from '@signwright/signing-core';
import { damaged } from '../damaged.ts';
import { HEAD, segmentKey } from '../layout.ts';
import type { Head } from '../order/head.ts';
import { locateSegment } from '../order/locate.ts';
import type { SegmentReader } from '../segments/read-segments.ts';
import { treeReader } from '../tree/tree-reader.ts';
import { witnessedCheckpoints } from './witnessed.ts';

/** Whom a proof must convince: these witnesses, this many of them. */
export type Demand = { readonly witnesses: readonly VerifierKey[]; readonly count: number };

type Log = {
  readonly blobs: BlobStore;
  readonly keys: readonly VerifierKey[];
  readonly head: Head;
  readonly reader: SegmentReader;
};

/**
 * Proves that a record is in the log, by a segment that the head has ordered.
 *
 * @returns a C2SP tlog-proof; `undefined` where not enough witnesses have cosigned a checkpoint with it yet.
 * @throws SignwrightError `verification` where the log refused the segment, holds another record there, or contradicts what its
 * witnesses cosigned.
 */
export async function proveRecord(
  { blobs, keys, head, reader }: Log,
  receipt: Receipt,
  demand: Demand,
): Promise<Uint8Array | undefined> {
  const { index: first, count } = await locateSegment(blobs, head, receipt.segment);
  const record = await recordAt(reader, receipt, count);
  const index = first + receipt.place;
  const checkpoint = await checkpointOver(index, { blobs, keys, head, reader }, demand);
  if (!checkpoint) return undefined;
  const { size, root, note } = checkpoint;
  if (size > head.size) throw damaged(HEAD, `it has ${head.size} records, and witnesses cosigned a checkpoint of ${size}`);
  const hashes = await inclusionProof(index, size, treeReader(blobs, head, reader));
  if (!verifyInclusion({ leaf: leafHash(record), index, size, root, proof: hashes })) {
    throw damaged(segmentKey(receipt.segment), `its record ${receipt.place} is not what the log signed at ${index} of ${size}`);
  }
  return writeTlogProof({ index, hashes, checkpoint: writeNote(note), extra: record });
}

async function recordAt(reader: SegmentReader, { segment, place, record }: Receipt, count: number): Promise<Buffer> {
  const key = segmentKey(segment);
  const read = await (count === 0 ? reader.read(segment) : reader.readOrdered(segment));
  if (!read) throw damaged(key, 'it is missing');
  if ('refused' in read.opened || count === 0) {
    const why = 'refused' in read.opened ? read.opened.refused : 'a record "segment-refused" of the log says why';
    throw new SignwrightError('verification', `the log did not take the records of ${key}: ${why}`, {
      where: key,
      next: 'let a signer that the policy names write them, with a trusted time; then sign again',
    });
  }
  const found = read.opened.records[place];
  if (!found || count !== read.opened.records.length || sha256(found) !== record) {
    throw damaged(key, `it holds other records than were written there (${place} is not ${record})`);
  }
  return Buffer.from(found);
}

/** The checkpoint to prove a record by: the newest that enough witnesses cosigned, or the log's own newest where none need to. */
async function checkpointOver(
  index: number,
  { blobs, keys, head }: Log,
  { witnesses, count }: Demand,
): Promise<OpenedCheckpoint | undefined> {
  if (count === 0) return openCheckpoint(head.checkpoint as Buffer, keys, HEAD);
  const found = await witnessedCheckpoints(blobs, keys, witnesses);
  return found.find(({ size, cosigned }) => cosigned >= count && size > index);
}
