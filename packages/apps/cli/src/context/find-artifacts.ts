import { existsSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { findFiles, readBounded } from '@signwright/files';
import type { Policy } from '@signwright/policy';
import { parseBundle, SignwrightError } from '@signwright/signing-core';

/** A file to be judged: where it is, and what the policy calls it. */
export type ArtifactFile = {
  readonly path: string;
  readonly target?: string;
  readonly name: string;
  readonly size: number;
  readonly explicit: boolean;
};

/** Directories of the working directory that hold tools and evidence. Below others such a name means nothing. */
const TOOLS = new Set(['.git', '.signwright', 'node_modules']);

/** What we write beside files. */
export const SIDECAR = '.sigstore.json';
const MAX_SIDECAR = 1024 * 1024;

/** The files to judge, and what was passed over on the way to them. */
export type FoundArtifacts = { readonly files: readonly ArtifactFile[]; readonly passedOver: readonly string[] };

/**
 * Finds the files to judge below the working directory: those the user names, or else those below the directories the policy's
 * patterns begin with. `stores` are directories that hold evidence and records. What is passed over is told: the directories of tools, unless they are named. A signature beside its file is
 * part of neither.
 */
export async function findArtifacts(
  policy: Pick<Policy, 'patterns'>,
  paths: readonly string[],
  stores: readonly string[],
  signal: AbortSignal,
): Promise<FoundArtifacts> {
  const base = process.cwd();
  const kept = stores.map((store) => relative(base, resolve(store)).split('\\').join('/'));
  const passedOver: string[] = [];
  const found = await findFiles(base, paths.length > 0 ? paths : placesOf(policy), {
    skipDirectory(name) {
      if (TOOLS.has(name)) passedOver.push(name);
      return TOOLS.has(name) || kept.includes(name);
    },
    signal,
  });
  const files = await withoutSidecars(found);
  return { files: paths.length > 0 ? files : files.map((file) => ({ ...file, explicit: false })), passedOver };
}

/** Leaves out `FILE.sigstore.json` where FILE is there and it is a bundle; by its name alone anything could hide. */
async function withoutSidecars(files: readonly ArtifactFile[]): Promise<ArtifactFile[]> {
  const names = new Set(files.map(({ name }) => name));
  const kept: ArtifactFile[] = [];
  for (const file of files) {
    const beside = file.name.endsWith(SIDECAR) && names.has(file.name.slice(0, -SIDECAR.length));
    if (!beside || file.explicit || !(await isBundle(file))) kept.push(file);
  }
  return kept;
}

async function isBundle(file: ArtifactFile): Promise<boolean> {
  try {
    parseBundle(await readBounded(file.target ?? file.path, MAX_SIDECAR, file.name));
    return true;
  } catch (error) {
    if (error instanceof SignwrightError) return false;
    throw error;
  }
}

/** `dist` for `dist/**`, the file itself where nothing is left open; only what exists. */
function placesOf(policy: Pick<Policy, 'patterns'>): string[] {
  const places = policy.patterns.map((pattern) => {
    const parts = pattern.split('/');
    const open = parts.findIndex((part) => part.includes('*'));
    return open < 0 ? pattern : parts.slice(0, open).join('/') || '.';
  });
  const found = [...new Set(places)].filter((place) => existsSync(place));
  if (found.length > 0) return found;
  const named = [...new Set(places)].slice(0, 5).join(', ') || 'the places of the policy';
  throw new SignwrightError('usage', `nothing to look at: none of ${named} is here`, {
    next: 'run this from the directory the names in the policy start from, or name the files',
  });
}
