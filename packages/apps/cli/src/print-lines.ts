import { oneLine } from '@signwright/report';

/** Prints lines on stdout: one for each text, whatever is in it. */
export function printLines(lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${oneLine(line)}\n`).join(''));
}

/** Tells a person something on stderr, beside the result. */
export function printNote(text: string): void {
  process.stderr.write(`${harmless(text)}\n`);
}

/**
 * A text with parts from outside, such as file names, in which nothing moves the cursor, hides text or gives a CI system a command.
 * Its line breaks stay.
 */
export function harmless(text: string): string {
  return text.split('\n').map(oneLine).join('\n');
}
