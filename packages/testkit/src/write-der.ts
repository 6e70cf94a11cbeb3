/** A DER writer (ITU-T X.690) that checks nothing, so that tests can write what nobody should. */
export function tlv(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  const length: number[] = [];
  for (let rest = content.length; rest > 0; rest = Math.floor(rest / 256)) length.unshift(rest & 0xff);
  const header = content.length < 0x80 ? [tag, content.length] : [tag, 0x80 | length.length, ...length];
  return Buffer.concat([Buffer.from(header), content]);
}

export const sequence = (...contents: readonly Uint8Array[]): Buffer => tlv(0x30, ...contents);
/** In the order given: sort them where DER wants it. */
export const set = (...contents: readonly Uint8Array[]): Buffer => tlv(0x31, ...contents);
export const octetString = (bytes: Uint8Array): Buffer => tlv(0x04, bytes);
export const bitString = (bytes: Uint8Array, unused = 0): Buffer => tlv(0x03, Buffer.of(unused), bytes);
export const utf8String = (text: string): Buffer => tlv(0x0c, Buffer.from(text, 'utf8'));
export const boolean = (value: boolean): Buffer => Buffer.of(0x01, 0x01, value ? 0xff : 0);
export const NULL: Buffer = Buffer.of(0x05, 0x00);
/** A constructed `[number]`. */
export const explicit = (number: number, ...contents: readonly Uint8Array[]): Buffer => tlv(0xa0 | number, ...contents);
/** A primitive `[number]`. */
export const implicit = (number: number, bytes: Uint8Array): Buffer => tlv(0x80 | number, bytes);

/** A non-negative INTEGER. */
export function integer(value: number | Uint8Array): Buffer {
  let bytes =
    typeof value === 'number'
      ? Buffer.from(
          value
            .toString(16)
            .padStart(2, '0')
            .replace(/^(.(..)*)$/, '0$1'),
          'hex',
        )
      : value;
  while (bytes.length > 1 && bytes[0] === 0) bytes = bytes.subarray(1);
  return (bytes[0] as number) >= 0x80 ? tlv(0x02, Buffer.of(0), bytes) : tlv(0x02, bytes);
}

export function oid(text: string): Buffer {
  const [first, second, ...rest] = text.split('.').map(BigInt) as [bigint, bigint, ...bigint[]];
  return tlv(0x06, Buffer.from([first * 40n + second, ...rest].flatMap(base128)));
}

function base128(arc: bigint): number[] {
  const bytes = [Number(arc % 128n)];
  for (let left = arc / 128n; left > 0n; left /= 128n) bytes.unshift(Number(left % 128n) | 0x80);
  return bytes;
}

/** @param fraction digits behind the second, as RFC 3161 allows. */
export function generalizedTime(at: Date, fraction = ''): Buffer {
  const digits = at.toISOString().slice(0, 19).replace(/[-:T]/g, '');
  return tlv(0x18, Buffer.from(`${digits}${fraction === '' ? '' : `.${fraction}`}Z`, 'latin1'));
}

/** UTCTime until 2049, GeneralizedTime after (RFC 5280, 4.1.2.5). */
export function time(at: Date): Buffer {
  if (at.getUTCFullYear() >= 2050) return generalizedTime(at);
  return tlv(0x17, Buffer.from(`${at.toISOString().slice(2, 19).replace(/[-:T]/g, '')}Z`, 'latin1'));
}
