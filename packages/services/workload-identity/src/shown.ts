/** A claim of a token for a message: short, and with nothing a terminal would obey or hide. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value !== 'string' || !/^[\x20-\x7e]*$/.test(value)) return 'something that is no plain text';
  return JSON.stringify(value.length > 300 ? `${value.slice(0, 300)}…` : value);
}
