import { SignwrightError } from './error.ts';
import type { RefusalCode } from './verdict.ts';

/** A piece of evidence does not hold: which check it failed, and how. Caught where evidence becomes a verdict. */
export class Refused extends SignwrightError {
  readonly refusal: RefusalCode;

  constructor(refusal: RefusalCode, message: string, cause?: unknown) {
    super('verification', message, cause === undefined ? {} : { cause });
    this.refusal = refusal;
  }
}
