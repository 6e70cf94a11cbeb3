import { type ErrorCode, type Result, SignwrightError, type Verdict, worstOf } from '@signwright/signing-core';
import { printNote } from './print-lines.ts';

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
function exitOf(result: Result): number {
  return EXIT[result];
}

/** The exit code of several verdicts: that of the worst. Where a tier only observes, its verdict blocks nothing. */
export function exitOfVerdicts(verdicts: readonly Pick<Verdict, 'result' | 'enforced'>[]): number {
  return exitOf(worstOf(verdicts.map(({ result, enforced }) => (enforced ? result : 'allow'))));
}

/** Tells a person what went wrong, on stderr, and returns the exit code. */
export function reportError(error: unknown): number {
  if (!(error instanceof SignwrightError)) {
    const shown = error instanceof Error ? (error.stack ?? error.message) : String(error);
    printNote(`signwright: a defect, not something you did; please report it\n${shown}`);
    return EXIT.defect;
  }
  printNote(`error: ${messageWithPlace(error)}`);
  if (error.next !== undefined) printNote(`  → ${error.next}`);
  return BY_CODE[error.code];
}

/** The message of an error, with the place it is about where the message does not name it. */
export function messageWithPlace({ message, where }: SignwrightError): string {
  return where === undefined || message.includes(where) ? message : `${where}: ${message}`;
}
