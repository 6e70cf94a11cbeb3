import { type Bundle, parseBundle, writeBundle } from '../bundle.ts';
import { preAuthEncoding } from '../envelope.ts';
import { SignwrightError } from '../error.ts';
import { keyIdOf } from '../keys.ts';
import type { Signer } from '../ports/signer.ts';
import type { TimestampAuthority } from '../ports/timestamp-authority.ts';
import { signMessage } from '../sign.ts';
import { decodeEntries, encodeEntries } from './entries.ts';

/** The DSSE payload type of a segment. */
export const SEGMENT = 'application/vnd.signwright.segment.v1';

/** A segment's bytes at the most, and those of its records with their lengths, so that their base64 fits in. */
export const MAX_SEGMENT: number = 16 * 1024 * 1024;
export const MAX_SEGMENT_PAYLOAD: number = 11 * 1024 * 1024;

/** Records of a segment at the most: real ones have no room for more, and empty ones would fill a log for nothing. */
export const MAX_SEGMENT_RECORDS = 65_536;

/** Who signs a segment; without `timestamps` only the log key does, which stands for itself. */
export type SegmentSigning = { readonly signer: Signer; readonly timestamps?: TimestampAuthority };

/**
 * Signs records as one segment: a Sigstore bundle (v0.3) with a DSSE envelope, whose payload is the records as a C2SP entry bundle.
 *
 * @throws SignwrightError what the signer and the authority throw.
 */
export async function sealSegment(records: readonly Uint8Array[], { signer, timestamps }: SegmentSigning): Promise<Buffer> {
  if (records.length === 0) throw new TypeError('a segment has at least one record');
  if (records.length > MAX_SEGMENT_RECORDS) throw new RangeError(`${records.length} records in one segment`);
  const payload = encodeEntries(records);
  if (payload.length > MAX_SEGMENT_PAYLOAD) throw new RangeError(`records of ${payload.length} bytes in one segment`);
  const signature = await signMessage(signer, preAuthEncoding(SEGMENT, payload));
  const certificate = await signer.certificate();
  return writeBundle({
    content: { type: 'envelope', envelope: { payloadType: SEGMENT, payload, signature } },
    key: certificate
      ? { type: 'certificate', der: Buffer.from(certificate) }
      : { type: 'public-key', hint: keyIdOf(await signer.publicKey()) },
    timestamps: timestamps ? [Buffer.from(await timestamps.timestamp(signature))] : [],
  });
}

/** The records of a segment, unverified. @throws SignwrightError `invalid-input` where it is no segment. */
export function recordsIn(bytes: Uint8Array): Buffer[] {
  return readSegment(bytes).records;
}

/** Reads a segment without verifying it. */
export function readSegment(bytes: Uint8Array): { bundle: Bundle; records: Buffer[] } {
  if (bytes.length > MAX_SEGMENT) {
    throw new SignwrightError('invalid-input', `the segment has ${bytes.length} bytes; at most ${MAX_SEGMENT} are read`);
  }
  const bundle = parseBundle(bytes, 'the segment');
  if (bundle.content.type !== 'envelope' || bundle.content.envelope.payloadType !== SEGMENT) {
    throw new SignwrightError('invalid-input', `the segment is no envelope of type ${SEGMENT}`);
  }
  const records = decodeEntries(bundle.content.envelope.payload, 'the segment', MAX_SEGMENT_RECORDS);
  if (records.length === 0) throw new SignwrightError('invalid-input', 'the segment holds no record');
  return { bundle, records };
}
