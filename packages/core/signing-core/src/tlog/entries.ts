import { SignwrightError } from '../error.ts';

/** Bytes of one entry at the most: its length is written in 16 bits. */
const MAX_ENTRY = 0xffff;

/** Writes records as C2SP tlog-tiles has an entry bundle: each after its length, uint16 big-endian. */
export function encodeEntries(records: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    records.flatMap((record) => {
      if (record.length > MAX_ENTRY) throw new RangeError(`a record of ${record.length} bytes; at most ${MAX_ENTRY}`);
      return [Buffer.of(record.length >> 8, record.length & 0xff), record];
    }),
  );
}

/**
 * Reads an entry bundle to its last byte.
 *
 * @throws SignwrightError `invalid-input`, beginning with `what`, where the last entry is cut off or there are more than `most`.
 */
export function decodeEntries(bytes: Uint8Array, what = 'the entry bundle', most: number = Number.POSITIVE_INFINITY): Buffer[] {
  const from = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const records: Buffer[] = [];
  for (let at = 0; at < from.length; ) {
    const start = at + 2;
    const end = start <= from.length ? start + from.readUInt16BE(at) : Number.POSITIVE_INFINITY;
    if (end > from.length) {
      throw new SignwrightError('invalid-input', `${what}: entry ${records.length} (from byte ${at}) is cut off`);
    }
    if (records.length === most) throw new SignwrightError('invalid-input', `${what} has more than ${most} entries`);
    records.push(from.subarray(start, end));
    at = end;
  }
  return records;
}
