import { type Command, Option } from 'commander';
import { parseInstant } from '../context/instant.ts';
import { duration } from '../program-audit.ts';

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

/** Adds the options of every rotation. */
export function rotationOptions(command: Command, what: string): Command {
  return command
    .option('--from <time>', `from when the new ${what} counts (default: now)`)
    .addOption(new Option('--overlap <duration>', 'how long both count').argParser(duration).default(7 * 24 * 3600, '7d'))
    .option('--write', 'edit the policy; without it only what would change is shown');
}

/** A time as policies write it, to the second. */
export function instant(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z');
}
