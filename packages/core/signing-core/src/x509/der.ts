import { ASN1Obj } from '@sigstore/core/dist/asn1/index.js';
import { element } from './write-der.ts';

/** One DER element: strict (definite, minimal lengths, nothing behind the end), at most 100 levels deep. */
export type Der = ASN1Obj;

const CONTEXT_SPECIFIC = 2;
const UTF8_STRING = 0x0c;
const SEQUENCE = 0x30;
const IA5_CHOICES = { email: 1, dns: 2, uri: 6 } as const;

/** Reads one DER element that fills `bytes`. Throws an Error that says what is malformed. */
export function readDer(bytes: Uint8Array): Der {
  return ASN1Obj.parseBuffer(Buffer.from(bytes));
}

/** The child at an index. Throws where there is none. */
export function child(der: Der, index: number): Der {
  const found = der.subs[index];
  if (found === undefined) throw new Error(`element ${index} is missing`);
  return found;
}

/** The elements of a SEQUENCE. Throws where it is none. */
export function partsOf(der: Der): readonly Der[] {
  if (der.tag.toDER() !== SEQUENCE) throw new Error('not a SEQUENCE');
  return der.subs;
}

/** Whether an element has the context-specific tag `[number]`. */
export function isContext(der: Der, number: number): boolean {
  return der.tag.class === CONTEXT_SPECIFIC && der.tag.number === number;
}

/** Text of an element that is a DER UTF8String filling `bytes`. */
export function readUtf8String(bytes: Uint8Array): string {
  const der = readDer(bytes);
  if (der.tag.class !== 0 || der.tag.number !== UTF8_STRING || der.tag.constructed) throw new Error('not a UTF8String');
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(der.value);
}

/** A general name of the kinds that carry an identity; `other` for the rest. */
export type GeneralName = { type: keyof typeof IA5_CHOICES; value: string } | { type: 'other' };

/** Reads GeneralNames (RFC 5280, 4.2.1.6). */
export function readGeneralNames(bytes: Uint8Array): GeneralName[] {
  return readDer(bytes).subs.map(readGeneralName);
}

/** Reads one of them. Throws an Error for a name with characters no name has. */
export function readGeneralName(name: Der): GeneralName {
  for (const [type, tag] of Object.entries(IA5_CHOICES) as [keyof typeof IA5_CHOICES, number][]) {
    if (isContext(name, tag) && !name.tag.constructed) {
      if (name.value.some((byte) => byte < 0x20 || byte > 0x7e))
        throw new Error('a name with characters outside printable ASCII');
      return { type, value: name.value.toString('latin1') };
    }
  }
  return { type: 'other' };
}

/** Instant of a UTCTime or GeneralizedTime in UTC with seconds (fractions allowed in GeneralizedTime), as milliseconds. */
export function readTime(der: Der): number {
  return parseTime(der.value.toString('latin1'), der.tag.isUTCTime() ? 2 : der.tag.isGeneralizedTime() ? 4 : 0);
}

/** The same of its text. @param wanted how many digits its year has: 2 in UTCTime, 4 in GeneralizedTime. */
export function parseTime(text: string, wanted: number): number {
  const match = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(?:\.(\d{1,9}))?Z$/.exec(text);
  if (!match || (match[1] as string).length !== wanted || (wanted === 2 && match[7])) throw new Error('not a time in UTC');
  const digits = match.slice(1, 7).map(Number) as [number, number, number, number, number, number];
  const year = wanted === 4 ? digits[0] : digits[0] + (digits[0] >= 50 ? 1900 : 2000);
  const whole = Date.UTC(year, digits[1] - 1, digits[2], digits[3], digits[4], digits[5]);
  const written = new Date(whole);
  if (
    written.getUTCMonth() + 1 !== digits[1] ||
    written.getUTCDate() !== digits[2] ||
    digits[3] > 23 ||
    digits[4] > 59 ||
    digits[5] > 59
  ) {
    throw new Error(`no such time: ${text}`);
  }
  return whole + Number((match[7] ?? '').padEnd(3, '0').slice(0, 3));
}

/** An element's own bytes. */
export function bytesOf(der: Der): Buffer {
  return retag(der, der.tag.toDER());
}

/** An element's bytes under another tag, as signed attributes are hashed (RFC 5652, 5.4). */
export function retag(der: Der, tag: number): Buffer {
  return element(tag, der.value);
}
