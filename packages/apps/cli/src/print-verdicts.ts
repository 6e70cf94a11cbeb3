import { renderVerdicts } from '@signwright/report';
import type { Verdict } from '@signwright/signing-core';
import { anchorName } from './context/anchor-text.ts';
import type { SharedOptions } from './shared-options.ts';

/** Prints verdicts on stdout in the format that was asked for, and nothing else there. */
export function printVerdicts(verdicts: readonly Verdict[], { output, anchor }: Pick<SharedOptions, 'output' | 'anchor'>): void {
  const options = { color: wantsColor(), ...(anchor === undefined ? {} : { anchor: anchorName(anchor) }) };
  process.stdout.write(renderVerdicts(verdicts, output, options));
}

/** Colour only on a terminal, and never with NO_COLOR. */
export function wantsColor(): boolean {
  return process.stdout.isTTY === true && !process.env['NO_COLOR'];
}
