import type { Instant } from '@signwright/signing-core';
import type { Extends } from './generated/policy-file.ts';
import { optionalInstant } from './values/instant.ts';

/** One of those who may sign a base, and when what they signed will do. */
export type BaseSigner = { readonly by: string; readonly from?: Instant; readonly until?: Instant };

/** Who may sign the base of a file: any one of them. None where it is pinned by its digest, or there is none. */
export function baseSigners(written: Extends | undefined): readonly BaseSigner[] {
  return [written?.['signed-by'] ?? []].flat().map((one) => {
    if (typeof one === 'string') return { by: one };
    return { by: one.by, ...optionalInstant('from', one.from), ...optionalInstant('until', one.until) };
  });
}

/** Whether an identity of a file is there to sign its base: it is no vendor. */
export function signsBase(written: Extends | undefined, id: string): boolean {
  return baseSigners(written).some(({ by }) => by === id);
}
