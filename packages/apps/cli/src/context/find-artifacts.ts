import { existsSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { findFiles } from '@signwright/files';
import type { Policy } from '@signwright/policy';
import { SignwrightError } from '@signwright/signing-core';

/** A file to be judged: where it is, and what the policy calls it. */
export type ArtifactFile = {
  readonly path: string;
  readonly target?: string;
  readonly name: string;
  readonly size: number;
  readonly explicit: boolean;
};

/** Directories that hold tools and evidence, never artifacts, unless they are named. */
const TOOLS = new Set(['.git', '.signwright', 'node_modules']);

/** What we write beside files. */
export const SIDECAR = '.sigstore.json';

/**
 * Finds the files to judge below the working directory: those the user names, or else those below the directories the policy's
 * patterns begin with.
 */
export async function findArtifacts(
  policy: Policy,
  paths: readonly string[],
  evidence: string,
  signal: AbortSignal,
): Promise<ArtifactFile[]> {
  const base = process.cwd();
  const store = relative(base, resolve(evidence)).split('\\').join('/');
  const files = await findFiles(base, paths.length > 0 ? paths : placesOf(policy), {
    skipDirectory: (name) => TOOLS.has(name.split('/').at(-1) ?? '') || name === store,
    skipFile: (name) => name.endsWith(SIDECAR),
    signal,
  });
  return paths.length > 0 ? files : files.map((file) => ({ ...file, explicit: false }));
}

/** `dist` for `dist/**`, the file itself where nothing is left open; only what exists. */
function placesOf(policy: Policy): string[] {
  const places = policy.patterns.map((pattern) => {
    const parts = pattern.split('/');
    const open = parts.findIndex((part) => part.includes('*'));
    return open < 0 ? pattern : parts.slice(0, open).join('/') || '.';
  });
  const found = [...new Set(places)].filter((place) => existsSync(place));
  if (found.length === 0) {
    throw new SignwrightError(
      'usage',
      `nothing to look at: none of ${[...new Set(places)].slice(0, 5).join(', ') || 'the places of the policy'} is here`,
      {
        next: 'run this from the directory the names in the policy start from, or name the files',
      },
    );
  }
  return found;
}
