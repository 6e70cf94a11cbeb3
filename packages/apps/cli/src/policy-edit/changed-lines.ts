import type { Splice } from './splice-yaml.ts';

/** The lines that splices change in a text: `- ` and the old line, `+ ` and the new. */
export function changedLines(text: string, splices: readonly Splice[]): readonly string[] {
  const hunks: { start: number; end: number; splices: Splice[] }[] = [];
  for (const splice of splices.toSorted((a, b) => a.start - b.start)) {
    const start = text.lastIndexOf('\n', splice.start - 1) + 1;
    const found = text.indexOf('\n', splice.end);
    const end = found < 0 ? text.length : found;
    const last = hunks.at(-1);
    if (last !== undefined && start <= last.end) {
      last.end = Math.max(end, last.end);
      last.splices.push(splice);
    } else hunks.push({ start, end, splices: [splice] });
  }
  return hunks.flatMap(({ start, end, splices: within }) => {
    let [now, at] = ['', start];
    for (const splice of within) {
      now += text.slice(at, splice.start) + splice.text;
      at = splice.end;
    }
    return compared(text.slice(start, end).split('\n'), (now + text.slice(at, end)).split('\n'));
  });
}

/** Leaves out the lines both begin with and both end with. */
function compared(old: readonly string[], now: readonly string[]): string[] {
  let [first, last] = [0, 0];
  while (first < old.length && first < now.length && old[first] === now[first]) first++;
  const rest = Math.min(old.length, now.length) - first;
  while (last < rest && old.at(-1 - last) === now.at(-1 - last)) last++;
  return [
    ...old.slice(first, old.length - last).map((line) => `- ${line}`),
    ...now.slice(first, now.length - last).map((line) => `+ ${line}`),
  ];
}
