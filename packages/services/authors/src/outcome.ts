import { SignwrightError } from '@signwright/signing-core';
import type { ObjectFormat } from './run-git.ts';

/** What became of work that a verdict may rest on: why it is inconclusive, or nothing. @throws SignwrightError `cancelled` alone. */
export async function orIncomplete(work: () => Promise<void>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (!(error instanceof SignwrightError) || error.code === 'cancelled') throw error;
    return error.next === undefined ? error.message : `${error.message}; ${error.next}`;
  }
}

/** The format of the repository whose commits these are. @throws SignwrightError `invalid-input`, where they are not of one. */
export function formatOf(...commits: readonly (string | undefined)[]): ObjectFormat {
  const given = commits.filter((commit) => commit !== undefined);
  if (given.length > 0 && given.every((commit) => /^[0-9a-f]{40}$/.test(commit))) return 'sha1';
  if (given.length > 0 && given.every((commit) => /^[0-9a-f]{64}$/.test(commit))) return 'sha256';
  throw new SignwrightError(
    'invalid-input',
    'a commit is not named by its 40 lower-case hex digits (64 in a SHA-256 repository)',
    {
      next: 'name commits by their full ids, as "git rev-parse" prints them',
    },
  );
}
