/**
 * A DER writer (ITU-T X.690). A library that describes certificates by decorators takes 8 s and 800 MB for a CRL of 100,000 entries;
 * here that is a fraction of a second.
 */

/** An element of any length. */
export function element(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  let length = 0;
  for (const content of contents) length += content.length;
  return Buffer.concat([header(tag, length), ...contents]);
}

function header(tag: number, length: number): Buffer {
  if (length < 0x80) return Buffer.of(tag, length);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest & 0xff);
  return Buffer.of(tag, 0x80 | bytes.length, ...bytes);
}

export const TRUE: Buffer = Buffer.of(0x01, 0x01, 0xff);
export const NULL: Buffer = Buffer.of(0x05, 0x00);

export function sequence(...contents: readonly Uint8Array[]): Buffer {
  return element(0x30, ...contents);
}

/** Elements of a SET OF stand in the order of their encodings. */
export function setOf(...contents: readonly Uint8Array[]): Buffer {
  return element(0x31, ...[...contents].sort((one, other) => Buffer.compare(one, other)));
}

/** A constructed `[number]`. */
export function constructed(number: number, ...contents: readonly Uint8Array[]): Buffer {
  return element(0xa0 | number, ...contents);
}

/** A primitive `[number]`. */
export function primitive(number: number, bytes: Uint8Array): Buffer {
  return element(0x80 | number, bytes);
}

export function octetString(bytes: Uint8Array): Buffer {
  return element(0x04, bytes);
}

export function bitString(bytes: Uint8Array, unused = 0): Buffer {
  return element(0x03, Buffer.of(unused), bytes);
}

export function utf8String(text: string): Buffer {
  return element(0x0c, Buffer.from(text, 'utf8'));
}

/** @param value not negative; bytes are big-endian. */
export function integer(value: bigint | Uint8Array): Buffer {
  const number = typeof value === 'bigint' ? value : BigInt(`0x${Buffer.from(value).toString('hex')}`);
  const hex = number.toString(16);
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
  return (bytes[0] as number) < 0x80 ? element(0x02, bytes) : element(0x02, Buffer.of(0), bytes);
}

/** @param value below 128. */
export function enumerated(value: number): Buffer {
  return element(0x0a, Buffer.of(value));
}

export function oid(text: string): Buffer {
  const [first, second, ...rest] = text.split('.').map(Number) as [number, number, ...number[]];
  return element(0x06, Buffer.from([first * 40 + second, ...rest].flatMap(base128)));
}

function base128(arc: number): number[] {
  const bytes = [arc % 128];
  for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) bytes.unshift((left % 128) | 0x80);
  return bytes;
}

/** In whole seconds. */
export function generalizedTime(at: Date): Buffer {
  return element(0x18, Buffer.from(`${digits(at)}Z`, 'latin1'));
}

/** UTCTime from 1950 until 2049, else GeneralizedTime (RFC 5280, 4.1.2.5; RFC 5652, 11.3), in whole seconds. */
export function time(at: Date): Buffer {
  const year = at.getUTCFullYear();
  return year < 1950 || year > 2049 ? generalizedTime(at) : element(0x17, Buffer.from(`${digits(at).slice(2)}Z`, 'latin1'));
}

function digits(at: Date): string {
  return at.toISOString().slice(0, 19).replace(/[-:T]/g, '');
}

/** The contents of DER elements that follow one another, which were written by OpenSSL or here. */
export function elementsOf(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at + 1] as number;
    const long = first < 0x80 ? 0 : first & 0x7f;
    const length = long === 0 ? first : bytes.readUIntBE(at + 2, long);
    const start = at + 2 + long;
    found.push(bytes.subarray(start, start + length));
    at = start + length;
  }
  return found;
}
