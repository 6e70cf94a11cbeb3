/** A DER writer for the few types RFC 3161 is made of (ITU-T X.690). @sigstore/core, which reads DER, does not write it. */

export function tlv(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  let length = 0;
  for (const content of contents) length += content.length;
  return Buffer.concat([header(tag, length), ...contents]);
}

function header(tag: number, length: number): Buffer {
  if (length < 0x80) return Buffer.of(tag, length);
  if (length <= 0xff) return Buffer.of(tag, 0x81, length);
  if (length <= 0xffff) return Buffer.of(tag, 0x82, length >> 8, length & 0xff);
  return Buffer.of(tag, 0x83, length >> 16, (length >> 8) & 0xff, length & 0xff);
}

export function sequence(...contents: readonly Uint8Array[]): Buffer {
  return tlv(0x30, ...contents);
}

/** Elements of a SET OF stand in the order of their encodings. */
export function setOf(...contents: readonly Uint8Array[]): Buffer {
  return tlv(0x31, ...[...contents].sort((one, other) => Buffer.compare(one, other)));
}

/** A constructed, explicitly tagged `[number]`. */
export function explicit(number: number, ...contents: readonly Uint8Array[]): Buffer {
  return tlv(0xa0 | number, ...contents);
}

export function octetString(bytes: Uint8Array): Buffer {
  return tlv(0x04, bytes);
}

/** @param bytes big-endian, the shortest form of a non-negative number: no superfluous leading zero, top bit clear. */
export function integer(bytes: Uint8Array): Buffer {
  return tlv(0x02, bytes);
}

export const TRUE: Buffer = Buffer.of(0x01, 0x01, 0xff);
export const NULL: Buffer = Buffer.of(0x05, 0x00);

export function oid(text: string): Buffer {
  const [first, second, ...rest] = text.split('.').map(Number) as [number, number, ...number[]];
  return tlv(0x06, Buffer.from([first * 40 + second, ...rest].flatMap(base128)));
}

function base128(arc: number): number[] {
  const bytes = [arc % 128];
  for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) bytes.unshift((left % 128) | 0x80);
  return bytes;
}

/** GeneralizedTime in whole seconds, as RFC 3161, 2.4.2 wants it. */
export function generalizedTime(at: Date): Buffer {
  return tlv(0x18, Buffer.from(`${at.toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`, 'latin1'));
}

/** UTCTime until 2049, GeneralizedTime after (RFC 5652, 11.3). */
export function signingTime(at: Date): Buffer {
  const year = at.getUTCFullYear();
  if (year < 1950 || year > 2049) return generalizedTime(at);
  return tlv(0x17, Buffer.from(`${at.toISOString().slice(2, 19).replace(/[-:T]/g, '')}Z`, 'latin1'));
}
