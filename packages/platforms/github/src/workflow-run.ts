import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { type Environment, type JsonObject, parseStrictJson } from '@signwright/signing-core';

/** GitHub caps payloads of webhooks at 25 MB. */
const LONGEST = 25 * 1024 * 1024;

/**
 * A workflow that another one started runs with the default branch's rights, whatever started the other: only the event's own file
 * says that. What it does not say is taken for a pull request; so is a chain of three, whose beginning it does not tell.
 */
export function whyWorkflowRunPlansOnly({ GITHUB_EVENT_PATH: path }: Environment): string | undefined {
  const event = path ? readEvent(path) : undefined;
  const run = objectIn(event, 'workflow_run');
  const first = run?.['event'];
  if (typeof first !== 'string') return 'a workflow started by another, whose event cannot be read';
  if (/^pull_request|^merge_group$/.test(first)) return `a workflow started by a pull request's (${first.slice(0, 40)})`;
  if (first === 'workflow_run') return 'a workflow started by a workflow that was started by another';
  const from = objectIn(run, 'head_repository')?.['id'];
  const own = objectIn(event, 'repository')?.['id'];
  return from !== undefined && from === own ? undefined : "a workflow started by a fork's";
}

function readEvent(path: string): JsonObject | undefined {
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const state = fstatSync(file);
      if (!state.isFile() || state.size > LONGEST) return undefined;
      const bytes = Buffer.alloc(state.size);
      const read = readSync(file, bytes);
      return parseStrictJson(bytes.subarray(0, read), { what: 'the event', maxBytes: LONGEST }) as JsonObject;
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}

function objectIn(value: JsonObject | undefined, name: string): JsonObject | undefined {
  const found = value?.[name];
  return typeof found === 'object' && found !== null && !Array.isArray(found) ? (found as JsonObject) : undefined;
}
