/** Lines around a change that stay. */
const CONTEXT = 3;
/** Pairs of lines that are compared, at the most: beyond, what differs is one change. */
const MOST_PAIRS = 4_000_000;

type Line = { readonly mark: ' ' | '-' | '+'; readonly text: string };

/** The difference of two texts as `patch` and `git apply` read it; empty where there is none. */
export function unifiedDiff(file: string, before: string, after: string): string {
  if (before === after) return '';
  const lines = compare(split(before), split(after));
  return `--- a/${file}\n+++ b/${file}\n${hunksOf(lines).join('')}`;
}

/** The lines that two texts do not share: `- ` and one that goes, `+ ` and one that comes. */
export function changedLines(before: string, after: string): readonly string[] {
  return compare(split(before), split(after)).flatMap(({ mark, text }) =>
    mark === ' ' ? [] : [`${mark} ${text.replace(/\r?\n$/, '')}`],
  );
}

/** Lines with their ends: the last may have none. */
function split(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function compare(a: readonly string[], b: readonly string[]): Line[] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const same = (text: string): Line => ({ mark: ' ', text });
  return [
    ...a.slice(0, start).map(same),
    ...compareMiddle(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...a.slice(a.length - end).map(same),
  ];
}

/** By the longest common subsequence. */
function compareMiddle(a: readonly string[], b: readonly string[]): Line[] {
  const width = b.length + 1;
  const longest = a.length * b.length > MOST_PAIRS ? undefined : new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number): number => longest?.[i * width + j] ?? 0;
  if (longest) {
    for (let i = a.length - 1; i >= 0; i--)
      for (let j = b.length - 1; j >= 0; j--)
        longest[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  }
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [one, other] = [a[i], b[j]];
    if (longest && one !== undefined && one === other) {
      lines.push({ mark: ' ', text: one });
      i++;
      j++;
    } else if (one !== undefined && (other === undefined || at(i + 1, j) >= at(i, j + 1))) {
      lines.push({ mark: '-', text: one });
      i++;
    } else {
      lines.push({ mark: '+', text: other as string });
      j++;
    }
  }
  return lines;
}

function hunksOf(lines: readonly Line[]): string[] {
  const changed = lines.flatMap(({ mark }, at) => (mark === ' ' ? [] : [at]));
  const hunks: [number, number][] = [];
  for (const at of changed) {
    const [from, to] = [Math.max(0, at - CONTEXT), Math.min(lines.length, at + CONTEXT + 1)];
    const last = hunks.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = to;
    else hunks.push([from, to]);
  }
  return hunks.map(([from, to]) => hunk(lines, from, to));
}

function hunk(lines: readonly Line[], from: number, to: number): string {
  const shown = lines.slice(from, to);
  const range = (mark: '-' | '+'): string => {
    const isOf = (line: Line): boolean => line.mark === ' ' || line.mark === mark;
    const count = shown.filter(isOf).length;
    const before = lines.slice(0, from).filter(isOf).length;
    return `${mark}${count === 0 ? before : before + 1},${count}`;
  };
  const written = shown.map(({ mark, text }) => `${mark}${text}${text.endsWith('\n') ? '' : '\n\\ No newline at end of file\n'}`);
  return `@@ ${range('-')} ${range('+')} @@\n${written.join('')}`;
}
