import { isDeepStrictEqual } from 'node:util';
import { SignwrightError } from '@signwright/signing-core';
import { type Document, parseDocument } from 'yaml';
import { type Splice, type Syntax, spliceYaml } from './splice-yaml.ts';

/** Changes a document in place, by the library's own calls (`document.setIn(['audit', 'retain'], '7y')`). */
export type YamlEdits = (document: Document.Parsed) => void;

const PARSING = { version: '1.2', schema: 'core', prettyErrors: false, uniqueKeys: true } as const;

/**
 * Edits the text of a YAML or JSON file: all that is not edited stays as it was written, comments and order too. What the new text says
 * is held against the edited document, as it would be without aliases. The edits are made twice.
 *
 * @param file what errors call it.
 * @throws SignwrightError `configuration` where the file cannot be read, or not be edited so: where something is taken out of a block,
 * or an alias would repeat it elsewhere.
 */
export function editYaml(text: string, edits: YamlEdits, file: string, syntax: Syntax = 'yaml'): string {
  const [before, after] = [parse(text, file), parse(text, file)];
  // The same without anchors: an edit is of the place that it names, and of none that repeats it.
  const alone = parse(JSON.stringify(contentOf(before, file)), file);
  try {
    edits(after);
    edits(alone);
  } catch (cause) {
    if (cause instanceof Error && cause.message.startsWith('Expected YAML collection')) throw cannot(file, cause);
    throw cause;
  }
  const splices = spliceYaml(text, before, after, syntax);
  if (splices === undefined) throw cannot(file);
  const edited = spliced(text, splices);
  const read = parseDocument(edited, PARSING);
  if (read.errors.length > 0 || !isDeepStrictEqual(read.toJS(), alone.toJS())) throw cannot(file);
  return edited;
}

function parse(text: string, file: string): Document.Parsed {
  const document = parseDocument(text, PARSING);
  if (document.errors.length === 0) return document;
  throw new SignwrightError('configuration', `${file} cannot be read: ${document.errors[0]?.message ?? ''}`, { where: file });
}

/** What a document says, its aliases written out. @throws SignwrightError `configuration` where they come to more than any file has. */
function contentOf(document: Document.Parsed, file: string): unknown {
  try {
    return document.toJS();
  } catch (cause) {
    if (!(cause instanceof ReferenceError)) throw cause;
    throw new SignwrightError('configuration', `${file} cannot be read: ${cause.message}`, { where: file, cause });
  }
}

function spliced(text: string, splices: readonly Splice[]): string {
  let out = '';
  let at = 0;
  for (const { start, end, text: put } of splices.toSorted((a, b) => a.start - b.start)) {
    out += text.slice(at, start) + put;
    at = end;
  }
  return out + text.slice(at);
}

function cannot(file: string, cause?: Error): SignwrightError {
  const why = cause === undefined ? '' : `: ${cause.message}`;
  return new SignwrightError('configuration', `${file} cannot be edited so by this program${why}`, {
    where: file,
    next: 'write it there yourself, and run it again: what is there already is left as it is',
    cause,
  });
}
