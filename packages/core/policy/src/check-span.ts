import { type Instant, Refused } from '@signwright/signing-core';

/**
 * Refuses a signature that was made when whoever made it did not count.
 *
 * @param at when it was made; where nobody knows, it counts for somebody without an end or beginning alone.
 * @throws Refused `key-outside-validity`.
 */
export function checkSpan(
  { from, until }: { readonly from?: Instant | undefined; readonly until?: Instant | undefined },
  at: Instant | undefined,
  when = 'it was signed at',
): void {
  if (from === undefined && until === undefined) return;
  if (at === undefined) throw new Refused('key-outside-validity', 'when it was signed is not known');
  if (from !== undefined && at < from)
    throw new Refused('key-outside-validity', `${when} ${iso(at)}, and who signed it counts from ${iso(from)}`);
  if (until !== undefined && at >= until)
    throw new Refused('key-outside-validity', `${when} ${iso(at)}, and who signed it counted until ${iso(until)}`);
}

function iso(instant: Instant): string {
  return new Date(instant).toISOString();
}
