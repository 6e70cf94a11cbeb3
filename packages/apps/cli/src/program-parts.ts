import { InvalidArgumentError } from 'commander';

/** Waits for a command; its exit code, or that it is done, becomes the program's. */
export type Finish = (work: Promise<number> | Promise<void>) => Promise<void>;

/** The example each command's help ends with. */
export function example(line: string): string {
  return `\nExample:\n  $ ${line}`;
}

/** The number of an open descriptor. */
export function descriptor(text: string): number {
  if (/^\d{1,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is the number of a descriptor, as in --passphrase-fd 3.');
}

/** Gathers an option that is given more than once. */
export function repeated(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

/** A duration such as `90s`, `10m`, `4h`, in seconds. */
export function duration(text: string): number {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const seconds = { s: 1, m: 60, h: 3600, d: 86_400 }[unit ?? ''];
  if (count === undefined || seconds === undefined) throw new InvalidArgumentError('It is a duration, as in 90s, 10m or 4h.');
  return Number(count) * seconds;
}
