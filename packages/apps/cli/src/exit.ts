import { type ErrorCode, type Result, SignwrightError } from '@signwright/signing-core';

/** What a pipeline switches on; in every adapter 1 to 70 stop what depends on the step. */
export const EXIT = { allow: 0, deny: 1, usage: 2, inconclusive: 3, pending: 4, defect: 70, interrupted: 130 } as const;

const BY_CODE: { readonly [code in ErrorCode]: number } = {
  usage: EXIT.usage,
  configuration: EXIT.usage,
  policy: EXIT.usage,
  'not-enforced-yet': EXIT.usage,
  'invalid-input': EXIT.usage,
  verification: EXIT.deny,
  denied: EXIT.deny,
  unreachable: EXIT.inconclusive,
  conflict: EXIT.inconclusive,
  cancelled: EXIT.interrupted,
};

/** The exit code of a verdict. */
export function exitOf(result: Result): number {
  return EXIT[result];
}

/** Tells a person what went wrong, on stderr, and returns the exit code. */
export function reportError(error: unknown, stderr: NodeJS.WriteStream): number {
  if (!(error instanceof SignwrightError)) {
    const shown = error instanceof Error ? (error.stack ?? error.message) : String(error);
    stderr.write(`signwright: a defect, not something you did; please report it\n${shown}\n`);
    return EXIT.defect;
  }
  const told = error.where === undefined || error.message.includes(error.where);
  const place = told ? '' : `${plain(error.where ?? '')}: `;
  stderr.write(`error: ${place}${plain(error.message)}\n`);
  if (error.next !== undefined) stderr.write(`  → ${plain(error.next)}\n`);
  return BY_CODE[error.code];
}

/** Text from outside without what a terminal or a CI log could take for a command. */
function plain(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(/\p{Cc}/gu, '\ufffd').replace(/^(\s*)(##|::)/, '$1 $2'))
    .join('\n');
}
