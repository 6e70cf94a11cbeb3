import type { Instant } from '@signwright/signing-core';

/**
 * The instant of a date or time as the schema has it; a date is 00:00 UTC of that day.
 *
 * @throws TypeError for anything else: compared with what is no number, a bound would hold for ever or never.
 */
export function instantOf(date: string): Instant {
  const instant = Date.parse(date);
  if (Number.isNaN(instant)) throw new TypeError(`no date: ${JSON.stringify(date)}`);
  return instant;
}

/** The same, or nothing where nothing was given, under the name it goes by. */
export function optionalInstant<Name extends string>(name: Name, date: string | undefined): { [key in Name]?: Instant } {
  return (date === undefined ? {} : { [name]: instantOf(date) }) as { [key in Name]?: Instant };
}
