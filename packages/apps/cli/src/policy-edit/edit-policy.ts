import { basename } from 'node:path';
import { readBounded } from '@signwright/files';
import { type Policy, PolicyError } from '@signwright/policy';
import { SignwrightError } from '@signwright/signing-core';
import { checkIsFile, readPolicy } from '../context/open-policy.ts';
import { editYaml, type YamlEdits } from './edit-yaml.ts';
import { changedLines } from './unified-diff.ts';
import { writeEdited } from './write-edited.ts';

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

const MAX_POLICY = 1024 * 1024;

/**
 * Edits the text of a policy and loads what comes of it. What is not edited stays as it was written, comments too; what is added is
 * written on one line.
 *
 * @param instead contents of files the edited policy refers to that are not written yet, by path relative to the policy's directory.
 * @throws PolicyError for a policy that is none before, or would be none after; SignwrightError `usage` where it is elsewhere,
 * `configuration` where it cannot be edited so.
 */
export async function editPolicy(
  file: string,
  edits: YamlEdits,
  now: Date,
  instead: ReadonlyMap<string, Uint8Array> = new Map(),
): Promise<EditedPolicy> {
  checkIsFile(file, 'it is edited');
  const before = await readPolicy(file, now);
  const old = (await readBounded(file, MAX_POLICY, 'the policy')).toString('utf8');
  const text = editYaml(old, edits, file);
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
  return { file, before, after, old, text, lines: changedLines(old, text) };
}

/**
 * Writes an edited policy in the place of the one that was read.
 *
 * @throws SignwrightError `conflict` where somebody changed the file in between.
 */
export function writePolicy({ file, old, text }: EditedPolicy): Promise<void> {
  return writeEdited(file, old, text);
}
