import { isDeepStrictEqual } from 'node:util';
import {
  Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Pair,
  type ParsedNode,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';

/** A stretch of a text, by offsets, and what is to stand there. */
export type Splice = { readonly start: number; readonly end: number; readonly text: string };

type Entry = Pair<ParsedNode, ParsedNode | null>;
/** What an edit puts in: a node, or a plain value. */
type Edited = unknown;
/** Whether the file is JSON: keys and texts stand in quotes. */
export type Syntax = 'yaml' | 'json';

/**
 * What to change in the text of a YAML document for it to mean what an edited copy means. All else stays as it was written: comments,
 * quotes, line breaks. Comments that were edited are not carried over.
 *
 * @param text what `before` was parsed from; `after` was parsed from it too, and then edited.
 * @returns nothing where that takes more than adding and replacing.
 */
export function spliceYaml(
  text: string,
  before: Document.Parsed,
  after: Document.Parsed,
  syntax: Syntax,
): readonly Splice[] | undefined {
  const splices: Splice[] = [];
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  return changed(before.contents as ParsedNode, after.contents) ? splices : undefined;

  function changed(old: ParsedNode, now: Edited): boolean {
    if (isDeepStrictEqual(old.toJS(before), plain(now))) return true;
    // What it stands for was edited where that is written.
    if (isAlias(old) && isAlias(now) && old.source === now.source) return true;
    if (isMap(old) && isMap(now) && old.items.length > 0) return ofMaps(old, now);
    if (isSeq(old) && isSeq(now) && old.items.length > 0) return ofLists(old, now);
    return replaced(old, now);
  }

  function ofMaps(old: YAMLMap.Parsed, now: YAMLMap): boolean {
    const entries = now.items;
    const left = old.items.map((entry) => entries.find(({ key }) => nameOf(key) === nameOf(entry.key)));
    if (left.includes(undefined)) return old.flow === true && replaced(old, now);
    const fits = old.items.every(({ value }, at) => {
      const next = left[at]?.value ?? null;
      return value === null ? next === null : changed(value, next);
    });
    const added = entries.filter((entry) => !left.includes(entry)).map(({ key, value }) => `${inFlow(key)}: ${inFlow(value)}`);
    if (added.length > 0) append(old, added, '');
    return fits;
  }

  function ofLists(old: YAMLSeq.Parsed, now: YAMLSeq): boolean {
    const { items } = now;
    const kept = old.items.filter((one) => items.some((item) => isThat(one, item)));
    let [oldAt, nowAt] = [0, 0];
    for (const anchor of [...kept, undefined]) {
      const oldEnd = anchor === undefined ? old.items.length : old.items.indexOf(anchor);
      const nowEnd = anchor === undefined ? items.length : items.findIndex((item) => isThat(anchor, item));
      const more = nowEnd - nowAt - (oldEnd - oldAt);
      if (nowEnd < nowAt || more < 0) return old.flow === true && replaced(old, now);
      const added = items.slice(nowAt, nowAt + more).map(inFlow);
      const next = old.items[oldAt];
      if (added.length > 0 && next !== undefined) insertBefore(old, next, added);
      else if (added.length > 0) append(old, added, '- ');
      for (let at = oldAt; at < oldEnd; at++) replaced(old.items[at] as ParsedNode, items[nowAt + more + at - oldAt]);
      if (anchor !== undefined && !changed(anchor, items[nowEnd])) return false;
      [oldAt, nowAt] = [oldEnd + 1, nowEnd + 1];
    }
    return true;
  }

  function replaced(old: ParsedNode, now: Edited): boolean {
    const [start] = old.range;
    const space = start > 0 && /[:-]/.test(text[start - 1] as string) ? ' ' : '';
    splices.push({ start, end: endOf(old), text: `${space}${inFlow(now)}` });
    return true;
  }

  /** Behind the last entry of a list or map, in its own style. */
  function append(into: YAMLMap.Parsed | YAMLSeq.Parsed, entries: readonly string[], mark: string): void {
    const last = into.items.at(-1) as ParsedNode | Entry;
    const at = endOf(last);
    if (into.flow) {
      // On a line of its own where the last one has one.
      const space = /\r?\n[ \t]*$/.exec(text.slice(0, startOf(last)))?.[0] ?? ' ';
      splices.push({ start: at, end: at, text: entries.map((entry) => `,${space}${entry}`).join('') });
      return;
    }
    const end = endOfLine(at);
    const indent = `${newline}${' '.repeat(columnOf(into.range[0]))}`;
    splices.push({ start: end, end, text: entries.map((entry) => `${indent}${mark}${entry}`).join('') });
  }

  function insertBefore(list: YAMLSeq.Parsed, { range: [start] }: ParsedNode, entries: readonly string[]): void {
    const at = list.flow ? start : text.lastIndexOf('-', start - 1);
    const indent = ' '.repeat(columnOf(at));
    const added = entries.map((entry) => (list.flow ? `${entry}, ` : `- ${entry}${newline}${indent}`));
    splices.push({ start: at, end: at, text: added.join('') });
  }

  function columnOf(offset: number): number {
    return offset - (text.lastIndexOf('\n', offset - 1) + 1);
  }

  function endOfLine(offset: number): number {
    const end = text.indexOf('\n', offset);
    if (end < 0) return text.length;
    return text[end - 1] === '\r' ? end - 1 : end;
  }

  function plain(value: Edited): unknown {
    return isNode(value) ? value.toJS(after) : value;
  }

  function inFlow(value: Edited): string {
    if (syntax === 'json') return JSON.stringify(plain(value));
    const written = new Document(plain(value), { version: '1.2', schema: 'core' });
    if (isCollection(written.contents)) written.contents.flow = true;
    const oneLine = { lineWidth: 0, flowCollectionPadding: true, blockQuote: false } as const;
    return written.toString(oneLine).trimEnd().replace(/\n\s*/g, ' ');
  }

  /** The end of what is written there; blank lines and comments behind a block are not of it, nor the line's end of a text in one. */
  function endOf(node: ParsedNode | Entry): number {
    if (!('range' in node)) return endOf(node.value ?? node.key);
    const last = isCollection(node) && !node.flow ? node.items.at(-1) : undefined;
    if (last !== undefined) return endOf(last);
    const end = node.range[1];
    return isScalar(node) && node.type?.startsWith('BLOCK') && text[end - 1] === '\n' ? end - 1 : end;
  }
}

function startOf(node: ParsedNode | Entry): number {
  return 'range' in node ? node.range[0] : node.key.range[0];
}

/** Nodes that were parsed from one place are one entry, however it was edited. */
function isThat(old: ParsedNode, now: Edited): boolean {
  return isNode(now) && old.range[0] === now.range?.[0];
}

function nameOf(key: unknown): string {
  return String((key as { value?: unknown } | null)?.value ?? key);
}
