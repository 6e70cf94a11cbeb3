import { hexOf, type Sha256, sha256 } from '@signwright/signing-core';

/** Swapped by whoever orders records: the commit point of the log. */
export const HEAD = 'head';
/** The newest checkpoint, as outsiders find it (C2SP tlog-tiles). */
export const CHECKPOINT = 'checkpoint';
/** Segments that one blob under `sequenced/` accounts for. */
export const GROUP_WIDTH = 256;

/** Where segment `number` is. */
export function segmentKey(number: number): string {
  return `segments/${twelveDigits(number)}`;
}

/** Where the account of segments 256 · `group` and the 255 that follow is. */
export function groupKey(group: number): string {
  return `sequenced/${twelveDigits(group)}`;
}

/**
 * Where the record id of a request's attempt (from 1) is. Of 256 directories, as on a branch every push carries the list of the
 * directory that it adds to.
 */
export function attemptKey(request: Sha256, attempt: number): string {
  const hex = hexOf(request);
  return `requests/${hex.slice(0, 2)}/${hex.slice(2)}-${attempt}`;
}

/** Where the newest checkpoint that a witness cosigned is. */
export function witnessKey(name: string): string {
  return `witnesses/${hexOf(sha256(name))}`;
}

function twelveDigits(number: number): string {
  return String(number).padStart(12, '0');
}
