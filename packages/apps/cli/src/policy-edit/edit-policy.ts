import { basename } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { readBounded, writeAtomic } from '@signwright/files';
import { type Policy, PolicyError } from '@signwright/policy';
import { SignwrightError } from '@signwright/signing-core';
import { type Document, isMap, parseDocument } from 'yaml';
import { checkIsFile, readPolicy } from '../context/open-policy.ts';
import { changedLines } from './changed-lines.ts';
import { type Splice, spliceYaml } from './splice-yaml.ts';

/** A policy that was edited and is valid; nothing is written yet. */
export type EditedPolicy = {
  /** Its file. */
  readonly file: string;
  readonly before: Policy;
  readonly after: Policy;
  /** What was in the file when it was read … */
  readonly old: string;
  /** … and what is to be. */
  readonly text: string;
  /** What changes: `- ` and a line that goes, `+ ` and one that comes; empty where nothing does. */
  readonly lines: readonly string[];
};

/** Changes a policy's document in place, by the library's own calls (`document.setIn(['audit', 'retain'], '7y')`). */
export type PolicyEdits = (document: Document.Parsed) => void;

const MAX_POLICY = 1024 * 1024;
const PARSING = { version: '1.2', schema: 'core', prettyErrors: false } as const;

/**
 * Edits the text of a policy and loads what comes of it. What is not edited stays as it was written, comments too; what is added is
 * written on one line. Only where something is taken out of a block, the whole file is laid out anew.
 *
 * @param instead contents of files the edited policy refers to that are not written yet, by path relative to the policy's directory.
 * @throws PolicyError for a policy that is none before, or would be none after; SignwrightError `usage` where it is elsewhere.
 */
export async function editPolicy(
  file: string,
  edits: PolicyEdits,
  now: Date,
  instead: ReadonlyMap<string, Uint8Array> = new Map(),
): Promise<EditedPolicy> {
  checkIsFile(file, 'it is edited');
  const before = await readPolicy(file, now);
  const old = (await readBounded(file, MAX_POLICY, 'the policy')).toString('utf8');
  const splices = splicesOf(old, edits);
  const text = spliced(old, splices);
  const after = await readPolicy(file, now, new Map([...instead, [basename(file), Buffer.from(text)]])).catch(
    (error: unknown) => {
      if (!(error instanceof PolicyError)) throw error;
      throw new SignwrightError('policy', `so edited, the policy would be none: ${error.message}`, {
        ...(error.where === undefined ? {} : { where: error.where }),
        next: 'nothing was written',
        cause: error,
      });
    },
  );
  return { file, before, after, old, text, lines: changedLines(old, splices) };
}

/**
 * Writes an edited policy in the place of the one that was read.
 *
 * @throws SignwrightError `configuration` where somebody changed the file in between.
 */
export async function writePolicy({ file, old, text }: EditedPolicy): Promise<void> {
  if ((await readBounded(file, MAX_POLICY, 'the policy')).toString('utf8') !== old) {
    throw new SignwrightError('configuration', 'the policy was changed by somebody else meanwhile', {
      where: file,
      next: 'nothing was written; run the command again',
    });
  }
  if (text !== old) await writeAtomic(file, text);
}

function splicesOf(old: string, edits: PolicyEdits): readonly Splice[] {
  const [before, after] = [parseDocument(old, PARSING), parseDocument(old, PARSING)];
  edits(after);
  if (!isMap(before.contents) || !isMap(after.contents)) throw new TypeError('a policy that is no map');
  const splices = spliceYaml(old, before, after);
  if (splices !== undefined && isDeepStrictEqual(meaningOf(spliced(old, splices)), after.toJS())) return splices;
  return [{ start: 0, end: old.length, text: after.toString({ lineWidth: 0 }) }];
}

function meaningOf(text: string): unknown {
  const document = parseDocument(text, PARSING);
  return document.errors.length > 0 ? undefined : document.toJS();
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
