import { canonicalJson, type Json, SignwrightError } from '@signwright/signing-core';
import { type Document, isMap, isScalar, isSeq, type Node, parseDocument, type YAMLMap, type YAMLSeq } from 'yaml';

/** A value to be set in a file. */
export type YamlChange = { readonly path: readonly (string | number)[]; readonly value: Json };

/** Whether the file is JSON: keys and texts stand in quotes. */
type Syntax = 'yaml' | 'json';

/**
 * Sets values in the text of a YAML or JSON file: all other text, its comments and its order stay as they are. What the new text says
 * is held against what the old one says, with the values set in it.
 *
 * @throws SignwrightError `configuration` where the file cannot be edited so.
 */
export function editYaml(text: string, changes: readonly YamlChange[], file: string, syntax: Syntax = 'yaml'): string {
  return changes.reduce((before, change) => setIn(before, change, file, syntax), text);
}

function setIn(text: string, { path, value }: YamlChange, file: string, syntax: Syntax): string {
  // Without what aliases share: a value set in an anchored part says something of that place alone.
  const wanted = JSON.parse(canonicalJson(parse(text, file).toJS() as Json)) as Json;
  if (!assign(wanted, path, value)) throw cannot(file, path);
  const meaning = canonicalJson(wanted);
  for (const edited of candidates(text, parse(text, file), { path, value }, syntax)) {
    const read = parseDocument(edited, OPTIONS);
    if (read.errors.length === 0 && canonicalJson(read.toJS() as Json) === meaning) return edited;
  }
  throw cannot(file, path);
}

/** Sets a value in what a file says, in a list at its end at the most. @returns whether there is something it can be set in. */
function assign(whole: Json, path: YamlChange['path'], value: Json): boolean {
  let parent: unknown = whole;
  for (const key of path.slice(0, -1)) parent = isPlain(parent) && Object.hasOwn(parent, key) ? parent[key] : undefined;
  const key = path.at(-1) as string | number;
  if (!isPlain(parent) || (Array.isArray(parent) && !(typeof key === 'number' && key <= parent.length))) return false;
  parent[key] = value;
  return true;
}

function isPlain(value: unknown): value is Record<string | number, unknown> {
  return typeof value === 'object' && value !== null;
}

const OPTIONS = { uniqueKeys: true, keepSourceTokens: false, version: '1.2' } as const;

function parse(text: string, file: string): Document.Parsed {
  const document = parseDocument(text, OPTIONS);
  if (document.errors.length === 0) return document;
  throw new SignwrightError('configuration', `${file} cannot be read: ${document.errors[0]?.message ?? ''}`, { where: file });
}

/** Ways to write it, the one that reads best first. */
function* candidates(text: string, document: Document.Parsed, { path, value }: YamlChange, syntax: Syntax): Generator<string> {
  const key = path.at(-1) as string | number;
  const there = document.getIn(path, true) as Node | undefined;
  const parent = document.getIn(path.slice(0, -1), true) as Node | undefined;
  if (there !== undefined) {
    const [start, end] = rangeOf(there);
    yield text.slice(0, start) + flow(value, syntax) + text.slice(end);
  } else if (isMap(parent)) {
    yield* inMap(text, parent, `${flow(String(key), syntax)}: ${flow(value, syntax)}`);
  } else if (isSeq(parent)) {
    yield* inSeq(text, parent, flow(value, syntax));
  }
}

function* inMap(text: string, map: YAMLMap, pair: string): Generator<string> {
  const last = map.items.at(-1);
  const first = map.items[0]?.key as Node | undefined;
  if (last === undefined || first === undefined) return;
  const end = rangeOf((last.value ?? last.key) as Node)[1];
  yield* map.flow ? inFlow(text, rangeOf(last.key as Node)[0], end, pair) : inBlock(text, rangeOf(first)[0], end, pair);
}

function* inSeq(text: string, seq: YAMLSeq, item: string): Generator<string> {
  const [first, last] = [seq.items[0], seq.items.at(-1)] as (Node | undefined)[];
  if (first === undefined || last === undefined) return;
  const end = rangeOf(last)[1];
  if (seq.flow) yield* inFlow(text, rangeOf(last)[0], end, item);
  else yield* inBlock(text, text.lastIndexOf('-', rangeOf(first)[0]), end, `- ${item}`);
}

/** Behind the last one, on a line of its own where that has one. */
function* inFlow(text: string, start: number, end: number, entry: string): Generator<string> {
  const indent = /(\r?\n[ \t]*)$/.exec(text.slice(0, start))?.[1];
  yield `${text.slice(0, end)},${indent ?? ' '}${entry}${text.slice(end)}`;
}

/** Below the last one, behind its comment; else above the first. */
function* inBlock(text: string, first: number, end: number, entry: string): Generator<string> {
  const indent = ' '.repeat(first - (text.lastIndexOf('\n', first - 1) + 1));
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const content = text.slice(0, end).trimEnd().length;
  const line = /\r?\n|$/.exec(text.slice(content));
  const at = content + (line?.index ?? 0);
  yield `${text.slice(0, at)}${newline}${indent}${entry}${text.slice(at)}`;
  yield `${text.slice(0, first)}${entry}${newline}${indent}${text.slice(first)}`;
}

/** A value in flow style. */
function flow(value: Json, syntax: Syntax): string {
  if (syntax === 'json' || typeof value === 'number' || typeof value === 'boolean' || value === null)
    return JSON.stringify(value);
  if (typeof value === 'string') return PLAIN.test(value) ? value : JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((one: Json) => flow(one, syntax)).join(', ')}]`;
  const pairs = Object.entries(value).map(([key, one]) => `${flow(key, syntax)}: ${flow(one, syntax)}`);
  return `{ ${pairs.join(', ')} }`;
}

/** Words, and times: nothing that YAML could take for something else. */
const PLAIN = /^(?!true$|false$|null$|yes$|no$)([A-Za-z][A-Za-z-]*|\d{4}-\d\d-\d\d(T[\d:.]+Z)?)$/;

function rangeOf(node: Node): readonly [number, number] {
  const { range } = node;
  if (!range) throw new TypeError('a node that stands nowhere');
  const value = isScalar(node) ? node : undefined;
  // The end of a block text is the line behind it.
  return [range[0], value?.type?.startsWith('BLOCK') ? range[1] - 1 : range[1]];
}

function cannot(file: string, path: readonly (string | number)[]): SignwrightError {
  return new SignwrightError('configuration', `${file}: ${path.join('.')} cannot be written there by this program`, {
    where: file,
    next: 'write it there yourself, and run it again: what is there already is left as it is',
  });
}
