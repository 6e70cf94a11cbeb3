import { parseInstant } from '../context/instant.ts';

/** When a key takes over from another, as a user says it. */
export type RotationOptions = {
  readonly from?: string;
  /** Seconds. */
  readonly overlap: number;
  readonly write?: true;
};

/** The new key counts from here on, the old one before `until`: in between both do. */
export type Overlap = { readonly from: string; readonly until: string };

/** @throws SignwrightError `usage` where `--from` is no time. */
export function overlapOf({ from, overlap }: RotationOptions, now: Date): Overlap {
  const start = from === undefined ? now.getTime() : parseInstant(from, '--from');
  return { from: instant(start), until: instant(start + overlap * 1000) };
}

/** A time as policies write it, to the second. */
function instant(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z');
}
