/** The last instant that can be written, milliseconds since 1970 UTC. */
const LAST = 8.64e15;
const MOST_KEPT = 1000;
const written = new Map<number, string>();

/** An instant as ISO 8601 in UTC; what lies beyond the last that can be written is that one. Verdicts name few instants many times. */
export function isoTime(at: number): string {
  const known = written.get(at);
  if (known !== undefined) return known;
  if (written.size >= MOST_KEPT) written.clear();
  const text = new Date(Math.min(at, LAST)).toISOString();
  written.set(at, text);
  return text;
}
