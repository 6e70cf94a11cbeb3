import { type Bundle, parseBundle, writeBundle } from '../bundle.ts';
import { SignwrightError } from '../error.ts';
import type { TimestampAuthority } from '../ports/timestamp-authority.ts';
import { type EnvelopeSigner, signEnvelope } from '../sign-envelope.ts';
import { decodeEntries, encodeEntries } from './entries.ts';

/** The DSSE payload type of a segment; of one that a job signs, with the log's name: it is signed for no other. */
export const SEGMENT = 'application/vnd.signwright.segment.v1';
const FOR_LOG = '; log=';

/** A segment's bytes at the most, and those of its records with their lengths, so that their base64 fits in. */
export const MAX_SEGMENT: number = 16 * 1024 * 1024;
export const MAX_SEGMENT_PAYLOAD: number = 11 * 1024 * 1024;

/** Records of a segment at the most: real ones have no room for more, and empty ones would fill a log for nothing. */
export const MAX_SEGMENT_RECORDS = 65_536;

/**
 * Who signs a segment: a job or a person, for the log of this name, with a time; or the log key, which stands for itself and is of one
 * log.
 */
export type SegmentSigning = EnvelopeSigner & { readonly timestamps?: TimestampAuthority; readonly log?: string };

/**
 * Signs records as one segment: a Sigstore bundle (v0.3) with a DSSE envelope, whose payload is the records as a C2SP entry bundle.
 *
 * @throws SignwrightError what the signer and the authority throw.
 */
export async function sealSegment(records: readonly Uint8Array[], by: SegmentSigning): Promise<Buffer> {
  const { timestamps, log } = by;
  if (records.length === 0) throw new TypeError('a segment has at least one record');
  if (records.length > MAX_SEGMENT_RECORDS) throw new RangeError(`${records.length} records in one segment`);
  const payload = encodeEntries(records);
  if (payload.length > MAX_SEGMENT_PAYLOAD) throw new RangeError(`records of ${payload.length} bytes in one segment`);
  const payloadType = log === undefined ? SEGMENT : `${SEGMENT}${FOR_LOG}${log}`;
  const { signature, ...sealed } = await signEnvelope(payloadType, payload, SEGMENT, by);
  return writeBundle({ ...sealed, timestamps: timestamps ? [Buffer.from(await timestamps.timestamp(signature))] : [] });
}

/** The records of a segment, unverified. @throws SignwrightError `invalid-input` where it is no segment. */
export function recordsIn(bytes: Uint8Array): Buffer[] {
  return readSegment(bytes).records;
}

/** Reads a segment without verifying it. */
export function readSegment(bytes: Uint8Array): { bundle: Bundle; records: Buffer[]; log: string | undefined } {
  if (bytes.length > MAX_SEGMENT) {
    throw new SignwrightError('invalid-input', `the segment has ${bytes.length} bytes; at most ${MAX_SEGMENT} are read`);
  }
  const bundle = parseBundle(bytes, 'the segment');
  const { content } = bundle;
  const [type, log] = content.type === 'envelope' ? content.envelope.payloadType.split(FOR_LOG) : [];
  if (content.type !== 'envelope' || type !== SEGMENT) {
    throw new SignwrightError('invalid-input', `the segment is no envelope of type ${SEGMENT}`);
  }
  const records = decodeEntries(content.envelope.payload, 'the segment', MAX_SEGMENT_RECORDS);
  if (records.length === 0) throw new SignwrightError('invalid-input', 'the segment holds no record');
  return { bundle, records, log };
}
