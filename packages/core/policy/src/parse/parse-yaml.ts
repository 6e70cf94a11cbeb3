import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments, type YAMLError } from 'yaml';
import { PolicyError, type Position } from '../problem.ts';
import { composeValue } from './compose-value.ts';
import { makeProblem, PositionNotes, type Source } from './source.ts';

/** What a file is, for messages. */
type FileKind = { readonly what: string; readonly needs: string };

const POLICY: FileKind = { what: 'a policy', needs: 'version, tiers and artifacts' };

/** Bytes of a file, at the most. */
const MAX_FILE = 1024 * 1024;

/**
 * Reads one YAML 1.2 document, keeping positions, and refuses what two readers could read differently or what could hide from
 * a reviewer: several documents, directives, tags, merge keys, duplicate and non-string keys, control and bidirectional
 * characters, aliases that multiply. Of a file whose top is no map, which is likely some other file, no message repeats anything.
 *
 * @param file how messages name the file.
 * @throws PolicyError with every problem found.
 */
export function parseYaml(bytes: Uint8Array, file: string, kind: FileKind = POLICY): Source {
  const text = decode(bytes, file, kind);
  const lines = new LineCounter();
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(Math.max(0, offset));
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const document = parseOne(text, file, lines, position, kind);
  if (!isMap(document.contents)) {
    const message = `found ${kindOf(document.contents)}; allowed is a map of keys and values`;
    throw new PolicyError([makeProblem(file, position(document.contents?.range?.[0] ?? 0), '', message)]);
  }
  const notes = new PositionNotes();
  const { value, problems } = composeValue(document, file, position, notes);
  if (problems.length > 0) throw new PolicyError(problems);
  return { file, value, at: (path) => notes.valueAt(path), keyAt: (path) => notes.keyAt(path) };
}

function decode(bytes: Uint8Array, file: string, { what, needs }: FileKind): string {
  const refuse = (position: Position, message: string): never => {
    throw new PolicyError([makeProblem(file, position, '', message)]);
  };
  const start = { line: 1, column: 1 };
  if (bytes.length > MAX_FILE) refuse(start, `the file has ${bytes.length} bytes; ${what} has at most ${MAX_FILE} (1 MiB)`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return refuse(start, 'the file is not UTF-8: save it as UTF-8');
  }
  if (text.trim() === '') refuse(start, `the file is empty: ${what} needs ${needs}`);
  const odd = findHidden(text);
  if (odd >= 0) {
    const before = text.slice(0, odd).split('\n');
    const code = text.charCodeAt(odd).toString(16).toUpperCase().padStart(4, '0');
    const where = { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
    refuse(where, `the character U+${code} is not allowed: it is invisible, or makes text look other than it is`);
  }
  return text;
}

function parseOne(
  text: string,
  file: string,
  lines: LineCounter,
  position: (offset: number) => Position,
  { what, needs }: FileKind,
): Document.Parsed {
  const refuse = (offset: number, message: string): never => {
    throw new PolicyError([makeProblem(file, position(offset), '', message)]);
  };
  const documents = readDocuments(text, file, lines);
  const [document, second] = documents;
  if (document === undefined) return refuse(0, `the file is empty: ${what} needs ${needs}`);
  const overflow = document.errors.find((error) => /call stack|stack overflow/i.test(error.message));
  if (overflow !== undefined) refuse(overflow.pos[0], 'the file is nested too deep');
  const problems = document.errors.map((error) => makeProblem(file, position(error.pos[0]), '', `not YAML: ${plain(error)}`));
  if (problems.length > 0) throw new PolicyError(problems);
  if (second !== undefined) refuse(second.range[0], `a second document begins here: ${what} is one YAML document`);
  if (document.contents === null) refuse(0, `the file is empty: ${what} needs ${needs}`);
  if (/^%/m.test(text.slice(0, document.range[0]))) refuse(0, 'YAML directives (%YAML, %TAG) are not allowed');
  return document;
}

function readDocuments(text: string, file: string, lineCounter: LineCounter): Document.Parsed[] {
  try {
    const documents = parseAllDocuments(text, {
      lineCounter,
      version: '1.2',
      schema: 'core',
      merge: false,
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'silent',
    });
    return Array.isArray(documents) ? (documents as Document.Parsed[]) : [];
  } catch (error) {
    const message = error instanceof RangeError ? 'the file is nested too deep' : 'not YAML';
    throw new PolicyError([makeProblem(file, { line: 1, column: 1 }, '', message)]);
  }
}

/** What the parser found, without the text of the file that some of its messages quote. */
function plain(error: YAMLError): string {
  if (error.code === 'TAG_RESOLVE_FAILED') return 'a tag that cannot be read';
  return (error.message.split('\n')[0] ?? '').replace(/(?<=[a-z]): .*$/, '');
}

function kindOf(node: Node | null): string {
  if (isSeq(node)) return 'a list';
  const value = isScalar(node) ? node.value : undefined;
  if (typeof value === 'string') return 'text';
  if (typeof value === 'number') return 'a number';
  if (typeof value === 'boolean') return 'true or false';
  return value === null ? 'nothing' : 'something else';
}

function findHidden(text: string): number {
  for (let at = 0; at < text.length; at++) if (isHidden(text.charCodeAt(at))) return at;
  return -1;
}

/** Control characters but tab and line ends; line separators, bidirectional controls, byte order marks. */
function isHidden(code: number): boolean {
  if (code < 0x20) return code !== 0x09 && code !== 0x0a && code !== 0x0d;
  if (code >= 0x7f && code <= 0x9f) return true;
  return (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) || code === 0xfeff;
}
