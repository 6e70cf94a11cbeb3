import { renderVerdicts } from '@signwright/report';
import type { Verdict } from '@signwright/signing-core';
import type { SharedOptions } from './shared-options.ts';

/** Prints verdicts on stdout in the format that was asked for, and nothing else there. */
export function printVerdicts(verdicts: readonly Verdict[], { output }: Pick<SharedOptions, 'output'>): void {
  process.stdout.write(renderVerdicts(verdicts, output, { color: wantsColor() }));
}

/** Colour only on a terminal, and never with NO_COLOR. */
export function wantsColor(): boolean {
  return process.stdout.isTTY === true && !process.env['NO_COLOR'];
}
