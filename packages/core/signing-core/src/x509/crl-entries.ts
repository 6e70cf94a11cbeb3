import { badSince, REVOCATION_REASONS, type RevocationReason } from '../revocation/revocation-status.ts';
import { parseTime } from './der.ts';
import { type Element, elementAt, elementsIn, TAG } from './der-cursor.ts';

/** What a CRL says of a certificate it lists. Times are milliseconds since 1970 UTC. */
export type RevokedEntry = {
  readonly revokedAt: number;
  readonly reason: RevocationReason;
  /** From when on the key may not have been its owner's (invalidityDate). */
  readonly invalidFrom?: number;
};

const REASON_CODE = Buffer.from('551d15', 'hex');
const INVALIDITY_DATE = Buffer.from('551d18', 'hex');
const CERTIFICATE_ISSUER = Buffer.from('551d1d', 'hex');
const REMOVE_FROM_CRL = 8;

const REASONS = new Map<number, RevocationReason>(
  Object.entries(REVOCATION_REASONS).map(([reason, number]) => [number, reason as RevocationReason]),
);

/** The reason of a CRLReason's number. Throws an Error where nobody defined it, and for what only a delta CRL says. */
export function reasonOf(number: number): RevocationReason {
  const reason = REASONS.get(number);
  if (reason !== undefined) return reason;
  if (number === REMOVE_FROM_CRL) throw new Error('an entry is there to be removed, which only a delta CRL says');
  throw new Error(`the reason ${number} is not defined`);
}

/**
 * The entries of revokedCertificates by serial number, which is its bytes as latin1. Every entry is read: one that must be understood
 * and is not makes the whole list unusable (RFC 5280, 5.3). Of a serial that is listed twice, what is worse counts.
 */
export function readEntries(bytes: Buffer, list: Element): Map<string, RevokedEntry> {
  const entries = new Map<string, RevokedEntry>();
  for (const entry of elementsIn(bytes, list.content, list.end, TAG.sequence)) {
    const serial = integerAt(bytes, entry.content, entry.end);
    const key = bytes.toString('latin1', serial.content, serial.end);
    const read = readEntry(bytes, serial.end, entry.end);
    const before = entries.get(key);
    entries.set(key, before && isWorse(before, read) ? before : read);
  }
  return entries;
}

function readEntry(bytes: Buffer, from: number, end: number): RevokedEntry {
  const date = elementAt(bytes, from, end);
  const revokedAt = timeOf(bytes, date);
  if (date.end === end) return { revokedAt, reason: 'unspecified' };
  const extensions = elementAt(bytes, date.end, end, TAG.sequence);
  if (extensions.end !== end) throw new Error('an entry has something behind its extensions');
  let reason: RevocationReason | undefined;
  let invalidFrom: number | undefined;
  for (const extension of elementsIn(bytes, extensions.content, extensions.end, TAG.sequence)) {
    const { oid, critical, value } = extensionAt(bytes, extension);
    if (isOid(bytes, oid, REASON_CODE)) {
      if (reason !== undefined) throw new Error('an entry has two reasons');
      reason = reasonOf(readReason(bytes, value));
    } else if (isOid(bytes, oid, INVALIDITY_DATE)) {
      if (invalidFrom !== undefined) throw new Error('an entry has two invalidity dates');
      const time = filling(bytes, value, TAG.generalizedTime);
      invalidFrom = timeOf(bytes, time);
    } else if (critical || isOid(bytes, oid, CERTIFICATE_ISSUER)) {
      throw new Error('an entry has a critical extension that is not understood');
    }
  }
  return { revokedAt, reason: reason ?? 'unspecified', ...(invalidFrom === undefined ? {} : { invalidFrom }) };
}

function extensionAt(bytes: Buffer, extension: Element): { oid: Element; critical: boolean; value: Element } {
  const oid = elementAt(bytes, extension.content, extension.end, TAG.oid);
  const second = elementAt(bytes, oid.end, extension.end);
  const critical = second.tag === TAG.boolean;
  if (critical && (second.end - second.content !== 1 || bytes[second.content] !== 0xff)) throw new Error('a malformed extension');
  const value = critical ? elementAt(bytes, second.end, extension.end, TAG.octetString) : second;
  if (value.tag !== TAG.octetString || value.end !== extension.end) throw new Error('a malformed extension');
  return { oid, critical, value };
}

/** The one element that an OCTET STRING holds. */
function filling(bytes: Buffer, value: Element, tag: number): Element {
  const element = elementAt(bytes, value.content, value.end, tag);
  if (element.end !== value.end) throw new Error('a malformed extension');
  return element;
}

function readReason(bytes: Buffer, value: Element): number {
  const { content, end } = filling(bytes, value, TAG.enumerated);
  if (end - content !== 1) throw new Error('a malformed reason');
  return bytes[content] as number;
}

/** An INTEGER in as few bytes as it takes: serial numbers are compared by their bytes. */
function integerAt(bytes: Buffer, start: number, end: number): Element {
  const element = elementAt(bytes, start, end, TAG.integer);
  const length = element.end - element.content;
  const first = bytes[element.content] as number;
  const padded = length > 1 && isPadding(first, bytes[element.content + 1] as number);
  if (length === 0 || padded) throw new Error('a malformed serial number');
  return element;
}

/** Whether the first byte only repeats the sign of what follows. */
function isPadding(first: number, second: number): boolean {
  return (first === 0 && second < 0x80) || (first === 0xff && second >= 0x80);
}

/** Instant of a Time, milliseconds since 1970 UTC. */
export function timeOf(bytes: Buffer, { tag, content, end }: Element): number {
  return parseTime(bytes.toString('latin1', content, end), tag === TAG.utcTime ? 2 : tag === TAG.generalizedTime ? 4 : 0);
}

function isOid(bytes: Buffer, { content, end }: Element, oid: Buffer): boolean {
  return end - content === oid.length && bytes.compare(oid, 0, oid.length, content, end) === 0;
}

/** Whether the first says at least as much against a certificate as the second. */
export function isWorse(first: RevokedEntry, second: RevokedEntry): boolean {
  const [a, b] = [first, second].map((entry) => badSince({ status: 'revoked', asOf: 0, by: '', ...entry })) as [number, number];
  if (a !== b) return a < b;
  // What is on hold may be good again.
  if ((first.reason === 'certificateHold') !== (second.reason === 'certificateHold')) return second.reason === 'certificateHold';
  return first.revokedAt <= second.revokedAt;
}
